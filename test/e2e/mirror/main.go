// Command mirror is the application service of the client tests, as a process: see package test/mirror.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/test/mirror"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mirror HOST:PORT")
		os.Exit(2)
	}
	svc := service.New("mirror", service.Options{Hub: os.Args[1], Trace: &service.Trace{
		Attached: func(string) { fmt.Fprintln(os.Stderr, "mirror attached") },
	}})
	mirror.Register(svc.Namespace("/"), nil)
	mirror.Register(svc.Namespace("/mirror"), nil)
	if err := svc.RunUntilSignal(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "mirror:", err)
		os.Exit(1)
	}
}
