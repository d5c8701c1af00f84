package service

import (
	"context"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// RevokeUsers ends the authorization of users at once, in every namespace: the
// connections of their browsers are closed, their clients come back to be decided upon
// anew, and decisions that the hub kept for them ([Accept.Cache]) end.
func (s *Service) RevokeUsers(ctx context.Context, users ...string) (Result, error) {
	return revoke(ctx, s, &hubv1.Revoke{Users: users})
}

// RevokeSockets ends the authorization of sockets at once, see RevokeUsers.
func (s *Service) RevokeSockets(ctx context.Context, ids ...string) (Result, error) {
	return revoke(ctx, s, &hubv1.Revoke{Sockets: ids})
}

func revoke(ctx context.Context, s *Service, op *hubv1.Revoke) (Result, error) {
	if len(op.Users)+len(op.Sockets) == 0 {
		return Result{}, invalid("EMPTY_TARGET", "revoke", "picks nobody")
	}
	if !validStrings(op.Users) || !validStrings(op.Sockets) {
		return Result{}, invalid("UTF8", "revoke", errBadUTF8.Error())
	}
	size := sizeOf(op.Users) + sizeOf(op.Sockets) + 32
	r, err := s.line.do(ctx, commandAction(&hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: op}}), size, "")
	return newResult(r), err
}
