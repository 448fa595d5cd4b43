package web

import (
	"bytes"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wangge/domain/account"
	"wangge/domain/portrait"
	"wangge/internal/answer"
)

func TestPhoto(t *testing.T) {
	town := newTown()
	path := "/photos/" + town.worker.Key.String()
	full, small := town.get("GET", path), town.get("GET", path+"?size=160")
	for _, c := range []struct {
		got  *httptest.ResponseRecorder
		want string
	}{{full, string(town.photo.Image)}, {small, string(town.small)}} {
		h := c.got.Header()
		if c.got.Code != 200 || h.Get("Content-Type") != "image/jpeg" || c.got.Body.String() != c.want || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Cache-Control") != "no-cache" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
			t.Errorf("%d %v %s", c.got.Code, h, c.got.Body)
		}
		if strings.Contains(strings.Join(h["Etag"], ""), "SECRET") {
			t.Errorf("the ETag tells the name of the picture: %v", h)
		}
	}
	if full.Header().Get("ETag") == small.Header().Get("ETag") {
		t.Error("both sizes have one ETag")
	}
	for _, c := range []struct {
		what, path, given string
		want              int
	}{
		{"its ETag", path, full.Header().Get("ETag"), 304},
		{"one of several", path, `"x", W/` + full.Header().Get("ETag"), 304},
		{"any", path, "*", 304},
		{"that of the other size", path, small.Header().Get("ETag"), 200},
		{"that of the small one", path + "?size=160", small.Header().Get("ETag"), 304},
		{"nonsense", path, "x", 200},
	} {
		w := town.get("GET", c.path, "If-None-Match", c.given)
		if w.Code != c.want || w.Code == 304 && (w.Body.Len() > 0 || w.Header().Get("ETag") == "") {
			t.Errorf("with %s: %d %v", c.what, w.Code, w.Header())
		}
	}
	was := full.Header().Get("ETag")
	town.photo.Tag = "ANOTHER"
	if w := town.get("GET", path, "If-None-Match", was); w.Code != 200 || w.Header().Get("ETag") == was {
		t.Errorf("after a new photo: %d", w.Code)
	}
	if w := town.get("HEAD", path); w.Code != 200 || w.Body.Len() > 0 {
		t.Errorf("HEAD: %d", w.Code)
	}
	if w := town.get("GET", path+"?size=9999"); w.Code != 400 || !strings.Contains(w.Body.String(), `"field":"size"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	town.photo.Public = false
	if w := town.get("GET", path); w.Header().Get("Cache-Control") != "private, no-cache" {
		t.Errorf("one that is not for all: %v", w.Header())
	}
	town.photo.Tag, town.photo.MediaType = "", "image/png" // of a database from before
	old := town.get("GET", path)
	if again := town.get("GET", path, "If-None-Match", old.Header().Get("ETag")); old.Code != 200 || old.Header().Get("Content-Type") != "image/png" || again.Code != 304 {
		t.Errorf("%d %v, then %d", old.Code, old.Header(), again.Code)
	}
	town.photo.MediaType = "image/svg+xml"
	for _, path := range []string{path, "/photos/nobody", "/photos/d00test-00000000000000000000000000000009"} {
		if w := town.get("GET", path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// form is a multipart form of names and values in turn, and its type.
func form(t *testing.T, fields ...string) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		create := w.CreateFormField
		if fields[i] == "photo" {
			create = func(name string) (io.Writer, error) { return w.CreateFormFile(name, `../../<script>.html`) }
		}
		part, err := create(fields[i])
		if err == nil {
			_, err = io.WriteString(part, fields[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &body, w.FormDataContentType()
}

func (t *fakeTown) post(path string, body io.Reader, contentType string, actor account.Actor) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	Register(mux, Options{Grids: t, Staff: t, Places: fakePlaces{t}, Coverage: t, PublicURL: "https://grid.example/", Log: slog.New(slog.DiscardHandler)})
	r := httptest.NewRequest("POST", path, body)
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r.WithContext(account.NewContext(answer.NewContext(r.Context(), "the-request"), actor)))
	return w
}

// What does not begin as a picture does is refused by its first bytes.
func TestAFileThatIsNoPictureIsNotRead(t *testing.T) {
	town, op := newTown(), account.TheOperator()
	for _, first := range []string{"GIF89a", "%PDF-1.7", "<svg xmlns", "RIFF\x00\x00\x00\x00WAVE"} {
		body, kind := form(t, "version", "3", "photo", first+strings.Repeat("x", 4<<20))
		w := town.post("/photos/"+town.worker.Key.String(), body, kind, op)
		if w.Code != 400 || !strings.Contains(w.Body.String(), `"field":"photo"`) || !strings.Contains(w.Body.String(), "JPEG, PNG or WebP") {
			t.Errorf("%q: %d %s", first, w.Code, w.Body)
		}
		if left := body.(*bytes.Buffer).Len(); left < 3<<20 {
			t.Errorf("%q: only %d bytes were left", first, left)
		}
	}
}

func TestSetPhoto(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewGray(image.Rect(0, 0, 300, 400)), nil); err != nil {
		t.Fatal(err)
	}
	picture, op := file.String(), account.TheOperator()
	town := newTown()
	path := "/photos/" + town.worker.Key.String()
	for _, c := range []struct {
		name   string
		path   string
		fields []string
		actor  account.Actor
		status int
		want   string // in the answer
	}{
		{"taken", path, []string{"version", "3", "photo", picture}, op, 200, `{"id":"` + town.worker.Key.String() + `","version":4,"photoUrl":"https://grid.example` + path + `"}`},
		{"in the other order", path, []string{"photo", picture, "version", "3"}, op, 200, `"version":4`},
		{"by the public", path, []string{"version", "3", "photo", picture}, account.Anyone(), 403, `"code":"FORBIDDEN"`},
		{"of another version", path, []string{"version", "2", "photo", picture}, op, 409, `"field":"version"`},
		{"without a version", path, []string{"photo", picture}, op, 400, `"code":"INVALID"`},
		{"with a version that is none", path, []string{"version", "3x", "photo", picture}, op, 400, `"field":"version"`},
		{"without a file", path, []string{"version", "3"}, op, 400, `"code":"INVALID"`},
		{"with two files", path, []string{"photo", picture, "photo", picture, "version", "3"}, op, 400, `"code":"INVALID"`},
		{"with two versions", path, []string{"version", "2", "photo", picture, "version", "3"}, op, 400, `"code":"INVALID"`},
		{"with something else", path, []string{"version", "3", "photo", picture, "name", "x"}, op, 400, `"code":"INVALID"`},
		{"an empty file", path, []string{"version", "3", "photo", ""}, op, 400, `"field":"photo"`},
		{"a page", path, []string{"version", "3", "photo", "<html><script>alert(1)</script>"}, op, 400, `"field":"photo"`},
		{"a file of more than 8 MiB", path, []string{"version", "3", "photo", picture + strings.Repeat("x", portrait.MaxBytes)}, op, 400, `8 MiB`},
		{"of nobody", "/photos/d00test-00000000000000000000000000000009", []string{"version", "3", "photo", picture}, op, 404, `"code":"NOT_FOUND"`},
		{"of nonsense", "/photos/%3Cb%3E", []string{"version", "3", "photo", picture}, op, 404, `"code":"NOT_FOUND"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			town := newTown()
			body, kind := form(t, c.fields...)
			w := town.post(c.path, body, kind, c.actor)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
			}
			if (town.uploaded != nil) != (c.status == 200) {
				t.Errorf("taken: %v", town.uploaded != nil)
			}
			if p := town.uploaded; p != nil {
				if size, err := jpeg.DecodeConfig(bytes.NewReader(p.Full)); err != nil || size.Width != 300 || size.Height != 375 {
					t.Errorf("%v, %v", size, err)
				}
			}
		})
	}
	for _, kind := range []string{"image/jpeg", "application/x-www-form-urlencoded", "multipart/form-data", ""} {
		if w := town.post(path, strings.NewReader(picture), kind, op); w.Code != 400 {
			t.Errorf("as %q: %d %s", kind, w.Code, w.Body)
		}
	}
	body, kind := form(t, "version", "3", "photo", picture)
	if w := town.post(path, http.MaxBytesReader(nil, io.NopCloser(body), 500), kind, op); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is cut: %d %s", w.Code, w.Body)
	}
	body, kind = form(t, "version", "3", "photo", picture)
	if w := town.post(path, io.LimitReader(body, 400), kind, op); w.Code != 400 {
		t.Errorf("a body that ends early: %d %s", w.Code, w.Body)
	}
}
