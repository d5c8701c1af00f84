package chaos

import (
	"bufio"
	"encoding/json"
	"os"
	"time"
)

const (
	// AskEvery is the time from one question of an instance to the next.
	AskEvery = 250 * time.Millisecond
	// AskTimeout is how long it waits for an answer.
	AskTimeout = 20 * time.Second
)

// Answer is what came of a question who is there.
type Answer struct {
	Begun   time.Time     `json:"begun"`
	Took    time.Duration `json:"took"`
	Sockets int           `json:"sockets"`
	Missing []string      `json:"missing,omitempty"`
	Error   string        `json:"error,omitempty"`
}

// ReadAnswers reads what an instance has noted.
func ReadAnswers(path string) ([]Answer, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var answers []Answer
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		var a Answer
		if err := json.Unmarshal(scanner.Bytes(), &a); err != nil {
			return answers, nil // it is being written
		}
		answers = append(answers, a)
	}
	return answers, nil
}
