// Package keyfile keeps what nobody else may read in files of mode 0600: each is there as a whole or not at all, and stays. What they hold, and the sentences about what is
// wrong with them, are left to others.
package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Read returns what lies in file. fs.ErrNotExist: there is none. Any other error is for Reason: it is no file, others may read it, or it has more than most bytes.
func Read(file string, most int64) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	switch open := info.Mode().Perm() & 0o077; {
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no file")
	case open != 0:
		return nil, fmt.Errorf("others may read it, its mode is %04o; run chmod 600 on it", info.Mode().Perm())
	case info.Size() > most:
		return nil, fmt.Errorf("it has more than %d bytes", most)
	}
	return os.ReadFile(file)
}

// Make puts text in file, where there is none: of two processes that do so at once, the second is told fs.ErrExist. Nobody ever reads half of it.
func Make(file string, text []byte) error { return write(file, text, os.Link) }

// Replace puts text in the place of what lies in file: whoever reads it meanwhile reads the one or the other.
func Replace(file string, text []byte) error { return write(file, text, os.Rename) }

// Alone runs do while no other process is alone with file: of two that replaced it at once, one would undo what the other did.
func Alone(file string, do func() error) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }() // which lets go of the lock
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return do()
}

// write writes text aside, on the disk, and puts it in its place by put.
func write(file string, text []byte, put func(from, to string) error) (err error) {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if e := os.Remove(f.Name()); e != nil && !errors.Is(e, fs.ErrNotExist) { // renamed, it is gone
			err = errors.Join(err, e)
		}
	}()
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := put(f.Name(), file); err != nil {
		return err
	}
	return syncFolder(folder)
}

// syncFolder makes the name of a file last: a key that a power cut takes away takes with it what was sealed since.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Reason is what went wrong without the name of the file, which the sentence about it names already.
func Reason(err error) string {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err.Error()
	case errors.As(err, &l):
		return l.Err.Error()
	}
	return err.Error()
}
