// Package httpauth finds out who sends a request. There are two until accounts arrive: the operator, who sends the
// token that was made at the first start, and everyone else. What each may do is left to the services.
package httpauth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"wangge/domain/account"
	"wangge/internal/fault"
)

// TokenFile is the name of the operator's token in the data folder.
const TokenFile = "operator.token"

const minToken = 16 // characters; a token written by hand may be shorter than ours, not guessable

var _ = fault.Register(
	[3]string{"httpauth.file",
		"What lies in {file} cannot be used ({detail}): correct it, or delete the file and start again to get a new one.",
		"无法使用 {file} 的内容({detail})：请修正，或删除该文件后重新启动以生成新令牌。"},
	[3]string{"httpauth.folder",
		"The data folder {folder} cannot be written ({detail}): correct it with chown or chmod, or choose another with --data.",
		"数据目录 {folder} 不可写({detail})：请用 chown 或 chmod 修正，或用 --data 选择其他目录。"},
)

// OpenToken returns the operator's token that lies in the folder data, and whether it was made just now. Processes
// that start at once agree on one.
func OpenToken(data string) (token string, made bool, err error) { return OpenSecret(data, TokenFile) }

// OpenSecret is OpenToken for another secret, in a file of that name.
func OpenSecret(data, name string) (token string, made bool, err error) {
	file := filepath.Join(data, name)
	token, err = readToken(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, false, err
	}
	if err := makeToken(data, file); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", false, fault.Wrap(err, fault.Unavailable, "", "httpauth.folder", "folder", data, "detail", reason(err))
	} else if err == nil {
		made = true
	}
	token, err = readToken(file)
	return token, made, err
}

func readToken(file string) (string, error) {
	unusable := func(err error, detail string) error {
		return fault.Wrap(err, fault.Unavailable, "", "httpauth.file", "file", file, "detail", detail)
	}
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err != nil {
		return "", unusable(err, reason(err))
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return "", unusable(nil, fmt.Sprintf("others may read it, its mode is %04o; run chmod 600 on it", info.Mode().Perm()))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", unusable(err, reason(err))
	}
	token := strings.TrimSpace(string(text))
	switch {
	case len(token) < minToken:
		return "", unusable(nil, fmt.Sprintf("it has fewer than %d characters", minToken))
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", unusable(nil, "it holds more than letters, digits and signs")
	}
	return token, nil
}

// makeToken writes a new token aside and links it to its place: nobody ever reads half of one, and of two processes
// that make one, the second is told fs.ErrExist.
func makeToken(data, file string) (err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(data, filepath.Base(file)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = fmt.Fprintln(f, rand.Text())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), file)
}

// reason is what went wrong without the name of the file, which the sentence names already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// Bearer returns who sends a request: the operator for "Authorization: Bearer" with token, anyone without that header. A token
// that is not valid is UNAUTHENTICATED: whoever sends one expects more than the public gets.
func Bearer(token string) func(*http.Request) (account.Actor, error) {
	want := sha256.Sum256([]byte(token))
	return func(r *http.Request) (account.Actor, error) {
		header := r.Header["Authorization"]
		if len(header) == 0 {
			return account.Anyone(), nil
		}
		scheme, given, _ := strings.Cut(header[0], " ")
		got := sha256.Sum256([]byte(strings.TrimSpace(given))) // equal lengths, so that the time says nothing
		ok := subtle.ConstantTimeCompare(got[:], want[:]) == 1
		if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") || !ok {
			return account.Actor{}, fault.New(fault.Unauthenticated, "", "badToken")
		}
		return account.TheOperator(), nil
	}
}
