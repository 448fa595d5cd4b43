package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"

	"wangge/internal/fault"
)

// answer writes body with an ETag of its bytes. A client may keep it and must ask again before using it: who is on
// call changes by the clock. Answers to GET and HEAD with 200 only turn into 304.
func answer(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	if status != http.StatusOK {
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		w.Write(body)
		return
	}
	sum := sha256.Sum256(body)
	header.Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// refusal is err as people may see it, and an id to find it in the log by where it is a fault of ours.
// The log holds the route and the cause, never the query: a position is personal.
func (s *site) refusal(r *http.Request, err error) (*fault.Error, string) {
	refusal := fault.As(err)
	if refusal.Code != fault.Internal && refusal.Code != fault.Unavailable {
		return refusal, ""
	}
	id := make([]byte, 4)
	rand.Read(id) // never fails (crypto/rand)
	incident := hex.EncodeToString(id)
	if r.Context().Err() == nil { // else nobody waits for the answer any more, and that is why it failed
		s.log.ErrorContext(r.Context(), "page failed", "route", r.Pattern, "incident", incident, "error", err)
	}
	return refusal, incident
}
