//go:build linux

package localpg

import (
	"context"
	"errors"
	"os"
	"syscall"
)

type lockKind int

const (
	exclusive lockKind = syscall.LOCK_EX
	shared    lockKind = syscall.LOCK_SH
)

// lock takes a lock on the file name, waiting for it as long as ctx lives. It polls because a blocked flock cannot be
// told to give up.
func lock(ctx context.Context, name string, kind lockKind) (*os.File, error) {
	for {
		f, err := tryLock(name, kind)
		if f != nil || err != nil {
			return f, err
		}
		if !sleep(ctx, pollEvery) {
			return nil, ctx.Err()
		}
	}
}

// tryLock is lock without waiting: nil where someone else holds the lock. The lock belongs to the returned file, not
// to the process, so that two Servers in one process are told apart like two processes.
func tryLock(name string, kind lockKind) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, diskError(err, name)
	}
	for {
		err = syscall.Flock(int(f.Fd()), int(kind)|syscall.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, f.Close()
		}
		return nil, errors.Join(diskError(err, name), f.Close())
	}
}

// release gives a lock back; it returns nil to be assigned to the variable that held it.
func release(f *os.File) *os.File {
	if f != nil {
		f.Close() // closing the only descriptor releases the lock, and nothing was written
	}
	return nil
}
