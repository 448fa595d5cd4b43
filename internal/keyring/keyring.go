// Package keyring keeps the ring of keys (domain/secret) in a file that nobody else may read. What the keys are for is left to others.
package keyring

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"wangge/domain/secret"
	"wangge/internal/fault"
	"wangge/internal/keyfile"
)

var _ = fault.Register(
	[3]string{"keyring.file", "The keys in {file} cannot be used ({detail}). What is sealed with them cannot be read without: do not delete it.",
		"无法使用 {file} 中的密钥({detail})。没有它就无法读取已加密的数据：请勿删除。"},
	[3]string{"keyring.folder", "The keys cannot be kept in {folder} ({detail}): correct it with chown or chmod, or choose another place with SECRET_KEYS.",
		"无法在 {folder} 中保存密钥({detail})：请用 chown 或 chmod 修正，或用 SECRET_KEYS 指定其他位置。"},
)

// File is where the ring lies: in the folder keys of the data folder, unless a setting names another.
func File(data string) string { return filepath.Join(data, "keys", "ring.json") }

// Open returns the ring in file, and whether it was made just now. Processes that start at once agree on one. UNAVAILABLE: it cannot be
// used; no key is said.
func Open(file string, now time.Time) (r *secret.Ring, made bool, err error) {
	r, err = read(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return r, false, err
	}
	if r, err = secret.NewRing(now); err != nil {
		return nil, false, err
	}
	if err := keyfile.Make(file, r.Text()); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, unkept(file, err)
	} else if err == nil {
		made = true
	}
	r, err = read(file)
	return r, made, err
}

// Alone runs do while no other process changes the ring in file: of two that turned it at once, one would lose the other's key, and what was sealed under it.
func Alone(file string, do func() error) error {
	began := false
	err := keyfile.Alone(file, func() error { began = true; return do() })
	if err != nil && !began {
		return unkept(file, err)
	}
	return err
}

// Save puts r in the place of the ring in file: whoever reads it meanwhile reads the one or the other.
func Save(file string, r *secret.Ring) error {
	if err := keyfile.Replace(file, r.Text()); err != nil {
		return unkept(file, err)
	}
	return nil
}

func read(file string) (*secret.Ring, error) {
	unusable := func(err error, detail string) error {
		return fault.Wrap(err, fault.Unavailable, "", "keyring.file", "file", file, "detail", detail)
	}
	text, err := keyfile.Read(file, secret.MaxRing)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, unusable(err, keyfile.Reason(err))
	}
	r, err := secret.ParseRing(text)
	if err != nil {
		return nil, unusable(err, fault.As(err).Text(fault.English))
	}
	return r, nil
}

func unkept(file string, err error) error {
	return fault.Wrap(err, fault.Unavailable, "", "keyring.folder", "folder", filepath.Dir(file), "detail", keyfile.Reason(err))
}
