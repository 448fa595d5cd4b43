package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"wangge/internal/fault"
)

// apqNotFound is the message that clients of automatic persisted queries look for. It is not translated.
const apqNotFound = "PersistedQueryNotFound"

// languageOf is the language for sentences: ?lang, else the first of Accept-Language that there are sentences in, else
// English.
func languageOf(r *http.Request) fault.Language {
	asked := append([]string{r.URL.Query().Get("lang")}, strings.Split(r.Header.Get("Accept-Language"), ",")...)
	for _, tag := range asked {
		tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), ";")
		switch primary, _, _ := strings.Cut(tag, "-"); fault.Language(primary) {
		case fault.Chinese:
			return fault.Chinese
		case fault.English:
			return fault.English
		}
	}
	return fault.English
}

func language(ctx context.Context) fault.Language {
	if op := operationOf(ctx); op != nil {
		return languageOf(op.http)
	}
	return fault.English
}

// present makes of err what a client sees. Errors that are no fault of the client lose their text; log has it, under
// the id that the client is told: the request's, where requestID knows it. Arguments and variables are never logged.
func present(log *slog.Logger, requestID func(context.Context) string) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		if op := operationOf(ctx); op != nil && !op.failed() {
			return dropped // with all the rest; what is too long may have a million errors
		}
		out := &gqlerror.Error{Path: graphql.GetPath(ctx), Extensions: map[string]any{}}
		var inner *gqlerror.Error
		if errors.As(err, &inner) {
			out.Locations = inner.Locations
			if inner.Path != nil {
				out.Path = inner.Path
			}
		}
		if fc := graphql.GetFieldContext(ctx); out.Locations == nil && fc != nil && fc.Field.Field != nil && fc.Field.Position != nil {
			out.Locations = []gqlerror.Location{{Line: fc.Field.Position.Line, Column: fc.Field.Position.Column}}
		}
		var input []any
		out.Path, input = splitPath(ctx, out.Path)

		f := classify(err, inner, len(input) > 0)
		out.Message = f.Text(language(ctx))
		out.Extensions["code"] = f.Code
		if inner != nil {
			if reason, ok := inner.Extensions["code"].(string); ok {
				out.Extensions["reason"] = reason
			}
		}
		if f.Code == fault.Internal {
			id := ""
			if requestID != nil {
				id = requestID(ctx)
			}
			if id == "" {
				id = uuid.NewString()
			}
			out.Extensions["id"] = id
			log.ErrorContext(ctx, "graphql: internal error", "id", id, "path", out.Path.String(), "error", f.Err)
		}
		if f.Field != "" {
			for _, part := range strings.Split(f.Field, ".") {
				if n, err := strconv.Atoi(part); err == nil {
					input = append(input, n)
				} else {
					input = append(input, part)
				}
			}
		}
		if len(input) > 0 {
			out.Extensions["field"] = input
		}
		return out
	}
}

// dropped stands for the errors of an answer that is too long.
var dropped = &gqlerror.Error{}

// classify finds the fault in err, or makes one: gqlgen's own errors about the document or an input are INVALID, what
// ended by the clock is UNAVAILABLE, all else is INTERNAL.
func classify(err error, inner *gqlerror.Error, ofInput bool) *fault.Error {
	var f *fault.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Wrap(err, fault.Unavailable, "", "timeout")
	case inner == nil:
		return fault.As(err)
	case inner.Message == apqNotFound:
		return fault.New(fault.NotFound, "", apqNotFound)
	}
	switch inner.Extensions["code"] {
	case errcode.ParseFailed, errcode.ValidationFailed:
		ofInput = true
	}
	if ofInput || inner.Rule != "" {
		return fault.New(fault.Invalid, "", "document.wrong", "reason", unsaid(inner.Message))
	}
	return fault.As(err)
}

var _ = fault.Register(
	[3]string{"document.wrong", "{reason}", "请求有误：{reason}"},
)

// splitPath parts the path that gqlgen gives an error of an input, the field's path followed by the input's, and the
// path "variable.name…" of a variable's.
func splitPath(ctx context.Context, path ast.Path) (ast.Path, []any) {
	at := 0
	if fc := graphql.GetFieldContext(ctx); fc != nil && fc.Field.Field != nil {
		at = len(fc.Path())
	} else if len(path) > 1 && path[0] == ast.PathName("variable") {
		return nil, parts(path[1:])
	}
	if at == 0 || len(path) <= at {
		return path, nil
	}
	if _, inList := path[at].(ast.PathIndex); inList {
		return path, nil // an entry of the answer
	}
	return path[:at:at], parts(path[at:])
}

// quoted is what a message about a document quotes; nameOrType is what may stand in it; digits are as long as those of no name, but of telephone
// and identity numbers.
var (
	quoted     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	nameOrType = regexp.MustCompile(`^"[][\w$@!.]*"$`)
	digits     = regexp.MustCompile(`\d{6,}`)
)

// unsaid is a message about a document without the values that were written into it, which clients log: names stay, and the place is told beside it.
func unsaid(message string) string {
	message = quoted.ReplaceAllStringFunc(message, func(q string) string {
		if nameOrType.MatchString(q) {
			return q
		}
		return `"…"`
	})
	return digits.ReplaceAllString(message, "…")
}

func parts(path ast.Path) []any {
	out := make([]any, len(path))
	for i, p := range path {
		switch p := p.(type) {
		case ast.PathName:
			out[i] = digits.ReplaceAllString(string(p), "…")
		case ast.PathIndex:
			out[i] = int(p)
		}
	}
	return out
}

// recovered turns a panic into an error with the place it came from, and the type of what was thrown: its value may hold
// what was sent.
func recovered(_ context.Context, reason any) error {
	return fault.Wrap(fmt.Errorf("panic: %T\n%s", reason, debug.Stack()), fault.Internal, "", "internal")
}
