// Package httpauth finds out who sends a request, by its headers: the operator, who sends the token that was made at the first start, a program with
// a token of its own, a browser that is signed in, and everyone else. Whose session or token it is is left to domain/access, what each may do to the services.
package httpauth

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"wangge/internal/fault"
	"wangge/internal/keyfile"
)

// The names of what is secret in the data folder.
const (
	TokenFile = "operator.token" // the operator's
	KeyFile   = "access.key"     // what second factors are sealed with
)

const (
	minToken  = 16      // characters; a token written by hand may be shorter than ours, not guessable
	maxSecret = 1 << 16 // bytes of a file
)

var _ = fault.Register(
	[3]string{"httpauth.file",
		"What lies in {file} cannot be used ({detail}): correct it, or delete the file and start again to get a new one.",
		"无法使用 {file} 的内容({detail})：请修正，或删除该文件后重新启动以生成新令牌。"},
	[3]string{"httpauth.key",
		"The key in {file} cannot be used ({detail}): put back the one that was there; without it nobody's second factor can be checked.",
		"无法使用 {file} 中的密钥({detail})：请恢复原文件；没有该密钥将无法验证任何人的二次验证码。"},
	[3]string{"httpauth.origin", "Pages of another site may not send this.", "不接受其他网站页面发出的此类请求。"},
	[3]string{"httpauth.folder",
		"The data folder {folder} cannot be written ({detail}): correct it with chown or chmod, or choose another with --data.",
		"数据目录 {folder} 不可写({detail})：请用 chown 或 chmod 修正，或用 --data 选择其他目录。"},
)

// OpenToken returns the operator's token that lies in the folder data, and whether it was made just now. Processes
// that start at once agree on one.
func OpenToken(data string) (token string, made bool, err error) {
	return OpenSecret(data, TokenFile)
}

// OpenSecret is OpenToken for another secret, in a file of that name.
func OpenSecret(data, name string) (text string, made bool, err error) {
	return openSecret(data, name, "httpauth.file", rand.Text, checkToken)
}

// OpenKey returns the key that second factors are sealed with, from the folder data, where it is made at the first start.
func OpenKey(data string) (key [32]byte, err error) {
	text, _, err := openSecret(data, KeyFile, "httpauth.key", func() string {
		rand.Read(key[:]) // never fails (crypto/rand)
		return hex.EncodeToString(key[:])
	}, checkKey)
	if err == nil {
		_, err = hex.Decode(key[:], []byte(text))
	}
	return key, err
}

// openSecret returns what lies in a file of the folder data, which it makes where it is missing. What cannot be is UNAVAILABLE, by the sentence of key.
func openSecret(data, name, key string, fresh func() string, check func(string) (detail string)) (text string, made bool, err error) {
	file := filepath.Join(data, name)
	text, err = readSecret(file, key, check)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, false, err
	}
	if err := keyfile.Make(file, []byte(fresh()+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", false, fault.Wrap(err, fault.Unavailable, "", "httpauth.folder", "folder", data, "detail", keyfile.Reason(err))
	} else if err == nil {
		made = true
	}
	text, err = readSecret(file, key, check)
	return text, made, err
}

func readSecret(file, key string, check func(string) (detail string)) (string, error) {
	unusable := func(err error, detail string) error {
		return fault.Wrap(err, fault.Unavailable, "", key, "file", file, "detail", detail)
	}
	raw, err := keyfile.Read(file, maxSecret)
	if errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err != nil {
		return "", unusable(err, keyfile.Reason(err))
	}
	text := strings.TrimSpace(string(raw))
	if detail := check(text); detail != "" {
		return "", unusable(nil, detail)
	}
	return text, nil
}

func checkToken(token string) (detail string) {
	switch {
	case len(token) < minToken:
		return fmt.Sprintf("it has fewer than %d characters", minToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "it holds more than letters, digits and signs"
	}
	return ""
}

func checkKey(text string) (detail string) {
	if raw, err := hex.DecodeString(text); err != nil || len(raw) != 32 {
		return "it is not 64 hexadecimal digits"
	}
	return ""
}
