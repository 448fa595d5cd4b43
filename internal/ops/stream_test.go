package ops

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wangge/internal/answer"
)

// TestStreamsOutliveTheServersClocks: neither those of a request nor those of its connection end an answer without an end.
func TestStreamsOutliveTheServersClocks(t *testing.T) {
	left := make(chan struct{})
	routes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		ctx, end, err := answer.Stream(r)
		if err != nil {
			t.Error(err)
			return
		}
		defer end()
		for ctx.Err() == nil {
			w.Write([]byte("now\n"))
			http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
		close(left)
	})
	at := httptest.NewUnstartedServer(Wrap(routes, Options{Log: NewLogger(t.Output(), 0, false), Metrics: NewMetrics(nil), Timeout: 50 * time.Millisecond}))
	at.Config.ReadTimeout, at.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	at.Start()
	defer at.Close()
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "POST", at.URL, strings.NewReader("all of it"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Body.Close()
	lines := bufio.NewScanner(open.Body)
	for begun := time.Now(); time.Since(begun) < 500*time.Millisecond; {
		if !lines.Scan() {
			t.Fatalf("it ended after %v: %v", time.Since(begun), lines.Err())
		}
	}
	leave()
	select {
	case <-left:
	case <-time.After(5 * time.Second):
		t.Error("nobody noticed that the client left")
	}
}
