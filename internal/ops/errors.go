package ops

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"wangge/internal/fault"
)

// statusClosed is what the log says of a request whose sender went away; nobody receives it.
const statusClosed = 499

var _ = fault.Register(
	[3]string{"ops.bodyTooLarge", "The request's body is larger than {limit} bytes.", "请求内容超过 {limit} 字节。"},
	[3]string{"ops.tooMany", "Too many requests from your address; try again in {seconds} s.", "请求过于频繁,请 {seconds} 秒后再试。"},
)

type errorBody struct {
	Code    fault.Code `json:"code"`
	Field   string     `json:"field,omitempty"`
	Message string     `json:"message"`
	ID      string     `json:"id,omitempty"` // of the request, where the log knows more
}

// WriteError answers with err's status, code and sentence, in the language that r asks for: as a GraphQL error under
// /graphql, as {"error": …} elsewhere. The text of an INTERNAL one is hidden and logged with the request's id.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		w.WriteHeader(statusClosed)
		return
	}
	f, status := fault.As(err), 0
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		f, status = fault.New(fault.Limited, "", "ops.bodyTooLarge", "limit", large.Limit), http.StatusRequestEntityTooLarge
	}
	if status == 0 {
		status = f.Code.Status()
	}
	body := errorBody{Code: f.Code, Field: f.Field, Message: f.Text(language(r))}
	if f.Code == fault.Internal {
		body.ID = RequestID(r.Context())
		slog.ErrorContext(r.Context(), "internal error", "error", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Del("ETag")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(shaped(r, body)) // the sender may be gone; nobody is left to tell
}

func shaped(r *http.Request, body errorBody) any {
	if r.URL.Path != "/graphql" {
		return map[string]any{"error": body}
	}
	extensions := map[string]any{"code": body.Code}
	if body.Field != "" {
		extensions["field"] = strings.Split(body.Field, ".")
	}
	if body.ID != "" {
		extensions["id"] = body.ID
	}
	return map[string]any{"errors": []any{map[string]any{"message": body.Message, "extensions": extensions}}}
}

// language is the one that r names first.
func language(r *http.Request) fault.Language {
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(r.Header.Get("Accept-Language"))), "zh") {
		return fault.Chinese
	}
	return fault.English
}
