package web

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
)

// reply writes body with an ETag of its bytes. A client may keep it and must ask again before using it: who is on
// call changes by the clock. Answers to GET and HEAD with 200 only turn into 304. body is the caller's again afterwards.
func reply(w http.ResponseWriter, r *http.Request, status int, contentType []string, body []byte) {
	replyTagged(w, r, status, contentType, body, "")
}

// replyTagged is reply with an ETag of the caller's; "": that of body's bytes.
func replyTagged(w http.ResponseWriter, r *http.Request, status int, contentType []string, body []byte, tag string) {
	header := w.Header()
	header["Content-Type"] = contentType
	header["X-Content-Type-Options"] = noSniff
	if status != http.StatusOK {
		header["Cache-Control"] = noStore
		if status == http.StatusServiceUnavailable {
			header["Retry-After"] = []string{"2"} // seconds
		}
		w.WriteHeader(status)
		w.Write(body)
		return
	}
	if tag == "" {
		tag = etag(body)
	}
	header["Etag"] = []string{tag}
	if _, own := header["Cache-Control"]; !own {
		header["Cache-Control"] = noCache
	}
	if !wantsAll(r) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		return
	}
	if len(body) > chunked {
		header["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.Write(body) // the sender may be gone; nobody is left to tell
}

// Header values that answers share: net/http and its users replace or append, nobody changes a slice in a header.
var (
	asJSON  = []string{"application/json; charset=utf-8"}
	asHTML  = []string{"text/html; charset=utf-8"}
	noSniff = []string{"nosniff"}
	noStore = []string{"no-store"}
	noCache = []string{"no-cache"}
)

// chunked is from how many bytes on net/http no longer finds out the length of an answer by itself.
const chunked = 2048

// etag names body by its bytes, alike in every process and every version. It tells an answer from the one before it at the
// same address and guards nothing, for which 64 bits are enough.
func etag(body []byte) string {
	var sum [8]byte
	binary.BigEndian.PutUint64(sum[:], xxhash.Sum64(body))
	quoted := [18]byte{0: '"', 17: '"'}
	hex.Encode(quoted[1:17], sum[:])
	return string(quoted[:])
}

// wantsAll reports whether r asks for the whole of what there is, unless it is gone: no part of it, no change against what its
// sender has, not its headers alone.
func wantsAll(r *http.Request) bool {
	for _, name := range []string{"If-None-Match", "Range", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"} {
		if len(r.Header[name]) > 0 {
			return false
		}
	}
	return r.Method == http.MethodGet
}
