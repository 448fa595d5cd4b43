// Package ops is what stands around every HTTP request: its id, its line in the log, its figures, its limits, and the
// server's own start, readiness and stop. What a request asks for is left to the handlers inside; who asks is left to
// package httpauth.
package ops

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/rs/cors"

	"wangge/internal/answer"
)

// Limits that a deployment does not set.
const (
	MaxBody        = 10 << 20 // bytes of a request's body; above: 413
	requestTimeout = 30 * time.Second
	minGzip        = 1024 // bytes; smaller answers cost more to compress than they save
)

// Options of Wrap. Log and Metrics are required.
type Options struct {
	Log     *slog.Logger
	Metrics *Metrics

	Auth           func(http.Handler) http.Handler // puts the actor into the context; nil: none
	CORSOrigins    []string                        // written out; none: no page of another origin may call
	RateLimit      float64                         // public requests a second and address; 0: no limit
	TrustedProxies []netip.Prefix                  // whose X-Forwarded-For is believed
	MaxBody        int64                           // bytes; 0: MaxBody
	Timeout        time.Duration                   // of one request; 0: 30 s
}

// Wrap puts everything around routes.
func Wrap(routes http.Handler, o Options) http.Handler {
	h := recordRoute(routes)
	h = compressed(h)
	h = limitTime(h, cmp.Or(o.Timeout, requestTimeout))
	h = limitBody(h, cmp.Or(o.MaxBody, MaxBody), o.Log)
	if o.RateLimit > 0 {
		h = limitRate(h, newLimiter(o.RateLimit), o.TrustedProxies, o.Log)
	}
	if o.Auth != nil {
		h = o.Auth(h)
	}
	h = crossOrigin(h, o.CORSOrigins)
	h = secureHeaders(h)
	h = recovered(h, o.Log)
	return track(h, o.Log, o.Metrics)
}

// compressed compresses text. Tiles and pictures are left alone: the former compress themselves, the latter are
// compressed already.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(minGzip), gzhttp.ContentTypes([]string{
		"application/json", "application/graphql-response+json", "application/geo+json", "application/javascript",
		"text/html", "text/css", "text/javascript", "text/plain", "image/svg+xml",
	}))
	if err != nil {
		panic("ops: gzip options: " + err.Error()) // constants, tested
	}
	return wrap(next)
}

// crossOrigin lets the pages of origins call. Their people may be signed in, hence the credentials, and hence an
// explicit list, which package config holds to have no patterns.
func crossOrigin(next http.Handler, origins []string) http.Handler {
	if len(origins) == 0 {
		return next // cors.Options reads an empty list as "everyone"
	}
	return cors.New(cors.Options{
		AllowedOrigins:   origins,
		AllowedMethods:   []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders:   []string{"Authorization", "Content-Type", "If-None-Match", "X-Request-Id"},
		ExposedHeaders:   []string{"ETag", "Retry-After", "X-Request-Id"},
		AllowCredentials: true,
		MaxAge:           600,
	}).Handler(next)
}

// secureHeaders sets what holds for every answer; a handler that needs another policy sets it over this one.
func secureHeaders(next http.Handler) http.Handler {
	// MapLibre runs its workers from blobs and draws with inline styles.
	const policy = "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; " +
		"worker-src 'self' blob:; child-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin") // a page's address may hold a position
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Content-Security-Policy", policy)
		h.Set("Permissions-Policy", "geolocation=(self), camera=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}

// limitTime ends a request's context, so that its statements are cancelled.
func limitTime(next http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), limit)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// limitBody refuses a body that says it is too long, and ends the others where they become so: reading on gives
// *http.MaxBytesError. What is too long is read off the line first; see drained.
func limitBody(next http.Handler, limit int64, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := r.Body
		switch {
		case r.ContentLength > limit:
			drain(body)
			w.Header().Set("Connection", "close") // rather than reading what is left
			answer.Refuse(r, log, &http.MaxBytesError{Limit: limit}).Write(w, r)
			return
		case body != nil && body != http.NoBody:
			r.Body = http.MaxBytesReader(w, body, limit)
			defer drain(body)
		}
		next.ServeHTTP(w, r)
	})
}

// drained is how much of a body that is too long is read and thrown away. Many clients send all of it before they look for
// an answer, and would meet a broken connection instead.
const drained = 64 << 20

func drain(body io.Reader) {
	io.CopyN(io.Discard, body, drained) // an error is the client's: it left, or took too long
}
