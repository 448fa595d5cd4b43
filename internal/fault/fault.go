// Package fault is the one error that wangge's rules return: a code for programs, a sentence for people,
// and the cause for the log. It knows nothing of GraphQL or HTTP, beyond the status that belongs to a code.
package fault

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Code says what kind of refusal an error is. The values are the ones that clients see in extensions.code.
type Code string

// The codes, and when each is used.
const (
	Unauthenticated Code = "UNAUTHENTICATED" // no actor, or a token that is not valid
	Forbidden       Code = "FORBIDDEN"       // the actor is known and may not do this
	NotFound        Code = "NOT_FOUND"       // it does not exist, or the actor may not know that it does
	Invalid         Code = "INVALID"         // the input is wrong; Field names it
	Conflict        Code = "CONFLICT"        // a version moved, or a constraint of the store refused
	Limited         Code = "LIMITED"         // too much, too often, too deep
	Unavailable     Code = "UNAVAILABLE"     // cannot be answered now
	Internal        Code = "INTERNAL"        // a fault of ours; the text is hidden from clients
)

// Status returns the HTTP status that belongs to c.
func (c Code) Status() int {
	switch c {
	case Unauthenticated:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	case NotFound:
		return http.StatusNotFound
	case Invalid:
		return http.StatusBadRequest
	case Conflict:
		return http.StatusConflict
	case Limited:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// Error is a refusal. Key and Args find a translated sentence (see Text); Err is the cause, for the log only.
type Error struct {
	Code  Code
	Field string // path of the input at fault, dotted: "point.lng"; empty where none is
	Key   string // names the sentence, "grid.notFound"
	Args  map[string]any
	Err   error
}

// New returns an Error. args are alternating names and values.
func New(code Code, field, key string, args ...any) *Error {
	e := &Error{Code: code, Field: field, Key: key}
	if len(args) > 0 {
		e.Args = make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			e.Args[fmt.Sprint(args[i])] = args[i+1]
		}
	}
	return e
}

// Wrap is New with a cause.
func Wrap(err error, code Code, field, key string, args ...any) *Error {
	e := New(code, field, key, args...)
	e.Err = err
	return e
}

// Error is the English sentence and, for the log, the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return strings.TrimSuffix(e.Text(English), ".") + ": " + e.Err.Error()
	}
	return e.Text(English)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As finds the Error in err's chain; one that holds none is INTERNAL with err as its cause.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(err, Internal, "", "internal")
}

// Is reports whether err carries code c.
func Is(err error, c Code) bool { return err != nil && As(err).Code == c }
