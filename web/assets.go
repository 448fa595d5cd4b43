package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"wangge/internal/answer"
)

//go:embed dist
var dist embed.FS

// manifest is how build.mjs named each file: "page.js" → "page-ABCD1234.js".
var manifest = func() map[string]string {
	raw, err := dist.ReadFile("dist/manifest.json")
	if err != nil {
		panic(err) // the program was built without its bundle
	}
	names := map[string]string{}
	if err := json.Unmarshal(raw, &names); err != nil {
		panic(err)
	}
	return names
}()

// assetURL is where the built file of that name is served.
func assetURL(name string) (string, error) {
	file, ok := manifest[name]
	if !ok {
		return "", fmt.Errorf("the bundle has no %s", name)
	}
	return "/assets/" + file, nil
}

// zipped keeps what was compressed: the bundle does not change while the program runs.
var zipped sync.Map // file name → []byte

const worker = "map-worker.js"

// workerURL is where the map's worker is served. Browsers hold a worker to the policy that it came with, and keep both for ever: with another policy the
// address is another.
func workerURL(policy string) string {
	return "/assets/" + manifest[worker] + "?policy=" + strings.Trim(etag([]byte(policy)), `"`)
}

// asset serves a built file. Its name carries a hash of its bytes, so it may be kept for ever.
func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	body, err := dist.ReadFile("dist/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // not every machine's table knows these
	case ".js", ".mjs":
		kind = "text/javascript; charset=utf-8"
	case ".woff2":
		kind = "font/woff2"
	case ".svg":
		kind = "image/svg+xml"
	}
	header.Set("Content-Type", kind)
	header.Set("X-Content-Type-Options", "nosniff")
	if name == manifest[worker] {
		header.Set("Content-Security-Policy", s.policy) // it fetches what the page shows
	}
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	if name == "manifest.json" || name == "LICENSES.txt" {
		header.Set("Cache-Control", "no-cache")
	}
	header.Set("Vary", "Accept-Encoding")
	if path.Ext(name) != ".woff2" && answer.AcceptsGzip(r) {
		header.Set("Content-Encoding", "gzip")
		body = compressed(name, body)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func compressed(name string, body []byte) []byte {
	if kept, ok := zipped.Load(name); ok {
		return kept.([]byte)
	}
	var out bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one there is
	zip.Write(body)                                           // a buffer takes everything
	zip.Close()
	kept, _ := zipped.LoadOrStore(name, out.Bytes())
	return kept.([]byte)
}

// favicon sends browsers that ask without having read the page to the mark.
func favicon(w http.ResponseWriter, r *http.Request) {
	url, err := assetURL("mark.svg")
	if err != nil {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, url, http.StatusFound)
}
