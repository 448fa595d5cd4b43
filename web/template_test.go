package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestTheTemplateIsADownload(t *testing.T) {
	calls := 0
	mux := http.NewServeMux()
	Register(mux, Options{HouseholdTemplate: func(w io.Writer) error {
		calls++
		_, err := io.WriteString(w, "a workbook")
		return err
	}})
	get := func(match string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/templates/households.xlsx", nil)
		r.Header.Set("If-None-Match", match)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	w := get("")
	if w.Code != http.StatusOK || w.Body.String() != "a workbook" || w.Header().Get("Content-Disposition") != `attachment; filename="households.xlsx"` ||
		w.Header().Get("Content-Type") != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	if again := get(w.Header().Get("ETag")); again.Code != http.StatusNotModified || calls != 1 {
		t.Errorf("again %d, made %d times", again.Code, calls)
	}

	broken := http.NewServeMux()
	Register(broken, Options{HouseholdTemplate: func(io.Writer) error { return errors.New("no paper") }})
	w = httptest.NewRecorder()
	broken.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/templates/households.xlsx", nil))
	if w.Code != http.StatusInternalServerError {
		t.Errorf("a template that cannot be made: %d", w.Code)
	}
}
