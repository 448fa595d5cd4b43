package ops

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"wangge/internal/fault"
)

func TestStoppingWaitsForWhatRuns(t *testing.T) {
	l, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked, answer := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_, _ = io.WriteString(w, "whole")
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, h, slog.New(slog.DiscardHandler)) }()
	got := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			text = []byte(err.Error())
		}
		got <- string(text)
	}()
	<-asked
	stop()
	select {
	case err := <-ended:
		t.Fatalf("it ended under a request: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if _, err := http.Get("http://" + l.Addr().String()); err == nil {
		t.Error("it takes new requests while it stops")
	}
	close(answer)
	if text := <-got; text != "whole" {
		t.Errorf("the request got %q", text)
	}
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAPortThatIsTaken(t *testing.T) {
	first, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = Listen(first.Addr().String())
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "ss -ltnp") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	_, err = Listen("192.0.2.1:0") // TEST-NET: no machine has it
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "no address of this machine") {
		t.Errorf("got %v", err)
	}
}
