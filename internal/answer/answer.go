// Package answer is what tile, web, signboard and ops say alike over HTTP: a refusal as JSON, the id and the language of a request,
// how long it waits, and whether gzip may be used. What is answered where nothing is refused is left to them; graph has errors of its own.
package answer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"wangge/internal/fault"
)

// StatusClosed is what is noted of a request whose sender went away; nobody receives it (nginx's convention).
const StatusClosed = 499

var _ = fault.Register(
	[3]string{"answer.bodyTooLarge", "The request's body is larger than {limit} bytes.", "请求内容超过 {limit} 字节。"},
)

type idKey struct{}

// NewContext returns ctx with the request's id in it.
func NewContext(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, idKey{}, id)
}

// RequestID returns the id of ctx's request, under which the log knows it; "" outside one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}

// Language is the language of sentences for r: ?lang, else the one that Accept-Language likes best among those there
// are sentences in, else otherwise.
func Language(r *http.Request, otherwise fault.Language) fault.Language {
	if asked, ok := spoken(r.URL.Query().Get("lang")); ok {
		return asked
	}
	tags, _, err := language.ParseAcceptLanguage(strings.Join(r.Header.Values("Accept-Language"), ","))
	if err != nil {
		return otherwise // a header that cannot be read says nothing
	}
	for _, tag := range tags {
		if asked, ok := spoken(tag.String()); ok {
			return asked
		}
	}
	return otherwise
}

// spoken takes "en", "en-GB", "zh_Hans" to the language of our sentences.
func spoken(tag string) (fault.Language, bool) {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
	switch l := fault.Language(base); l {
	case fault.Chinese, fault.English:
		return l, true
	}
	return "", false
}

// AcceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip, or * where gzip is not named, unless its weight is 0. It
// is for doors that keep what they compressed, or give it an ETag of its own; package ops compresses for the others.
func AcceptsGzip(r *http.Request) bool {
	accepts, named := false, false
	for _, line := range r.Header["Accept-Encoding"] {
		for item := range strings.SplitSeq(line, ",") {
			coding, weight, _ := strings.Cut(item, ";")
			coding = strings.TrimSpace(coding)
			name, q, _ := strings.Cut(strings.TrimSpace(weight), "=")
			refused := false
			if strings.EqualFold(strings.TrimSpace(name), "q") {
				number, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
				refused = err != nil || number <= 0
			}
			switch {
			case strings.EqualFold(coding, "gzip") || strings.EqualFold(coding, "x-gzip"):
				accepts, named = !refused, true
			case coding == "*" && !named:
				accepts = !refused
			}
		}
	}
	return accepts
}

// Refusal is what a request is answered instead of what it asked for.
type Refusal struct {
	Fault  *fault.Error
	Field  string // of the input at fault, as the door's clients call it
	Status int    // of HTTP
	ID     string // the request's, where the fault is ours: the log knows more under it
}

// Within runs fn, which asks the database. UNAVAILABLE: it took longer.
func Within(ctx context.Context, long time.Duration, fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	err := fn(ctx)
	if err != nil && ctx.Err() != nil && !fault.Is(err, fault.Unavailable) {
		err = fault.Wrap(err, fault.Unavailable, "", "timeout")
	}
	return err
}

// Refuse says what r is answered for err, and puts causes that people may not see into log, with about (names and
// values in turn), which must hold nothing that a client made up and no position. What ended by the clock is
// UNAVAILABLE. Where the sender has left nothing is logged: that is why it failed.
func Refuse(r *http.Request, log *slog.Logger, err error, about ...any) Refusal {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return Refusal{Fault: fault.As(err), Status: StatusClosed}
	}
	var large *http.MaxBytesError
	status := 0
	switch {
	case errors.As(err, &large):
		err, status = fault.New(fault.Limited, "", "answer.bodyTooLarge", "limit", large.Limit), http.StatusRequestEntityTooLarge
	case errors.Is(err, context.DeadlineExceeded) && !fault.Is(err, fault.Unavailable):
		err = fault.Wrap(err, fault.Unavailable, "", "timeout")
	}
	f := fault.As(err)
	if status == 0 {
		status = f.Code.Status()
	}
	out := Refusal{Fault: f, Field: f.Field, Status: status}
	if status < http.StatusInternalServerError {
		return out
	}
	level := slog.LevelWarn
	if f.Code == fault.Internal {
		level, out.ID = slog.LevelError, RequestID(r.Context())
	}
	log.Log(r.Context(), level, "refused", append([]any{"route", r.Pattern, "code", f.Code, "error", err}, about...)...)
	return out
}

// Write answers r with x: {"error": {code, field, message}}, under /graphql as a GraphQL error; with the request's id
// where x has it. The language is English unless r asks for Chinese.
func (x Refusal) Write(w http.ResponseWriter, r *http.Request) {
	if x.Status == StatusClosed {
		w.WriteHeader(StatusClosed)
		return
	}
	body, _ := json.Marshal(x.shaped(r)) // strings only
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Del("ETag")
	if x.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "2") // seconds
	}
	w.WriteHeader(x.Status)
	_, _ = w.Write(append(body, '\n')) // the sender may be gone; nobody is left to tell
}

func (x Refusal) shaped(r *http.Request) any {
	message := x.Fault.Text(Language(r, fault.English))
	if r.URL.Path != "/graphql" {
		return map[string]any{"error": struct {
			Code    fault.Code `json:"code"`
			Field   string     `json:"field"`
			Message string     `json:"message"`
			ID      string     `json:"id,omitempty"`
		}{x.Fault.Code, x.Field, message, x.ID}}
	}
	extensions := map[string]any{"code": x.Fault.Code}
	if x.Field != "" {
		extensions["field"] = strings.Split(x.Field, ".")
	}
	if x.ID != "" {
		extensions["id"] = x.ID
	}
	return map[string]any{"errors": []any{map[string]any{"message": message, "extensions": extensions}}}
}

// WhereAsked is the scheme, host and port that r asked for, as far as this server sees it: behind a proxy it may be another than
// people use.
func WhereAsked(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
