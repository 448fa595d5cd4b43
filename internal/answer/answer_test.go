package answer_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wangge/internal/answer"
	"wangge/internal/fault"
)

func TestLanguage(t *testing.T) {
	for _, c := range []struct {
		name, target, header string
		otherwise, want      fault.Language
	}{
		{"nothing said", "/", "", fault.English, fault.English},
		{"nothing said on a page", "/", "", fault.Chinese, fault.Chinese},
		{"by header", "/", "zh-CN,zh;q=0.9,en;q=0.8", fault.English, fault.Chinese},
		{"the better of two", "/", "zh;q=0.3, en-GB;q=0.8", fault.Chinese, fault.English},
		{"the first that there is", "/", "de, fr;q=0.9, zh-Hant;q=0.1", fault.English, fault.Chinese},
		{"lang before the header", "/?lang=zh", "en", fault.English, fault.Chinese},
		{"as people write it", "/?lang=ZH_hans", "", fault.English, fault.Chinese},
		{"a language there is none", "/?lang=fr", "de", fault.English, fault.English},
		{"a word that only begins alike", "/?lang=zhuang", "", fault.English, fault.English},
		{"a header that cannot be read", "/", "zh;q=x;;", fault.English, fault.English},
	} {
		r := httptest.NewRequest("GET", c.target, nil)
		r.Header.Set("Accept-Language", c.header)
		if got := answer.Language(r, c.otherwise); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for _, c := range []struct {
		accept []string
		want   bool
	}{
		{[]string{"gzip"}, true}, {[]string{"GZIP;q=0.5"}, true}, {[]string{"identity, *"}, true}, {[]string{"gzip; q=1.0, *;q=0"}, true},
		{[]string{"*;q=0, gzip"}, true}, {[]string{"br", "gzip"}, true},
		{nil, false}, {[]string{"identity"}, false}, {[]string{"gzip;q=0"}, false}, {[]string{"gzip;q=0.000"}, false},
		{[]string{"gzip;q=0, *"}, false}, {[]string{"*;q=0"}, false}, {[]string{"br"}, false}, {[]string{"gzip;q=x"}, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Accept-Encoding"] = c.accept
		if got := answer.AcceptsGzip(r); got != c.want {
			t.Errorf("Accept-Encoding %q: %v", c.accept, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, path, language string
		err                  error
		status               int
		body, logged         string
	}{
		{"a refusal", "/x", "en", fault.New(fault.Invalid, "point.lng", "required", "field", "lng"), 400,
			`{"error":{"code":"INVALID","field":"point.lng","message":"lng is required."}}`, ""},
		{"in Chinese", "/x", "zh-CN,zh;q=0.9", fault.New(fault.Forbidden, "", "forbidden"), 403,
			`{"error":{"code":"FORBIDDEN","field":"","message":"此操作需要管理员权限。"}}`, ""},
		{"for GraphQL", "/graphql", "", fault.New(fault.Invalid, "point.lng", "required", "field", "lng"), 400,
			`{"errors":[{"extensions":{"code":"INVALID","field":["point","lng"]},"message":"lng is required."}]}`, ""},
		{"the database is away", "/x", "", fault.Wrap(errors.New("dial tcp"), fault.Unavailable, "", "database"), 503,
			`{"error":{"code":"UNAVAILABLE","field":"","message":"The database cannot be reached."}}`, "level=WARN"},
		{"it took too long", "/x", "", context.DeadlineExceeded, 503,
			`{"error":{"code":"UNAVAILABLE","field":"","message":"The answer took too long and was stopped."}}`, "level=WARN"},
		{"a fault of ours is hidden", "/x", "", errors.New("column secret does not exist"), 500,
			`{"error":{"code":"INTERNAL","field":"","message":"Something went wrong on our side.","id":"the-id"}}`,
			`error="column secret does not exist" colour=blue`},
		{"a fault of ours under /graphql", "/graphql", "", errors.New("secret"), 500,
			`{"errors":[{"extensions":{"code":"INTERNAL","id":"the-id"},"message":"Something went wrong on our side."}]}`, "level=ERROR"},
		{"a body that became too long", "/x", "", &http.MaxBytesError{Limit: 10}, 413,
			`{"error":{"code":"LIMITED","field":"","message":"The request's body is larger than 10 bytes."}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			r := httptest.NewRequest("GET", c.path, nil)
			r = r.WithContext(answer.NewContext(r.Context(), "the-id"))
			r.Header.Set("Accept-Language", c.language)
			w := httptest.NewRecorder()
			w.Header().Set("ETag", `"of what would have been answered"`)
			answer.Refuse(r, slog.New(slog.NewTextHandler(&log, nil)), c.err, "colour", "blue").Write(w, r)
			if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || got != c.body {
				t.Errorf("got %d %s\nwant %d %s", w.Code, got, c.status, c.body)
			}
			if c.logged == "" && log.Len() > 0 || !strings.Contains(log.String(), c.logged) {
				t.Errorf("logged %q, want %q", &log, c.logged)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("ETag") != "" {
				t.Errorf("it may be kept: %v", w.Header())
			}
			if got := w.Header().Get("Retry-After") != ""; got != (c.status == 503) {
				t.Errorf("Retry-After: %v", got)
			}
		})
	}
}

// That a sender has left is no error of ours, whatever failed because of it.
func TestASenderWhoLeft(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var log bytes.Buffer
	r := httptest.NewRequest("GET", "/x", nil).WithContext(ctx)
	w := httptest.NewRecorder()
	answer.Refuse(r, slog.New(slog.NewTextHandler(&log, nil)), errors.New("broken pipe")).Write(w, r)
	if w.Code != answer.StatusClosed || w.Body.Len() > 0 || log.Len() > 0 {
		t.Errorf("%d %s, logged %s", w.Code, w.Body, &log)
	}
}
