package album

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"gocloud.dev/blob"

	"wangge/domain/portrait"
	"wangge/internal/fault"
)

var picture = &portrait.Portrait{Full: []byte("\xff\xd8 the full one"), Small: []byte("\xff\xd8 small")}

// keeps walks through all that an album does.
func keeps(t *testing.T, a *Album) {
	t.Helper()
	ctx := t.Context()
	read := func(name string, small bool, want []byte) {
		t.Helper()
		got, ok, err := a.Read(ctx, name, small)
		if err != nil || ok != (want != nil) || !bytes.Equal(got, want) {
			t.Errorf("%s, small %v: %q, %v, %v; want %q", name, small, got, ok, err, want)
		}
	}
	if err := a.Check(ctx); err != nil {
		t.Fatal(err)
	}
	read("ONE", false, nil)
	if err := a.Write(ctx, "ONE", picture); err != nil {
		t.Fatal(err)
	}
	if err := a.Write(ctx, "TWO", picture); err != nil {
		t.Fatal(err)
	}
	read("ONE", false, picture.Full)
	read("ONE", true, picture.Small)
	for range 2 { // the second time there is none
		if err := a.Remove(ctx, "ONE"); err != nil {
			t.Fatal(err)
		}
	}
	read("ONE", false, nil)
	read("ONE", true, nil)
	read("TWO", true, picture.Small)
}

func TestAFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "of the data", "照片 #1%20") // signs that mean something in addresses
	a := Folder(folder)
	t.Cleanup(func() { a.Close() })
	keeps(t, a)
	var files []string
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if err != nil || !slices.Equal(files, []string{"TWO-160.jpg", "TWO.jpg"}) {
		t.Errorf("%v lie there, %v", files, err)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	b := At(&url.URL{Scheme: "file", Path: folder})
	if got, ok, err := b.Read(t.Context(), "TWO", false); !ok || err != nil || !bytes.Equal(got, picture.Full) {
		t.Errorf("by its address: %q, %v, %v", got, ok, err)
	}
}

// TestABucket speaks S3 to a server of it on this machine.
func TestABucket(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("town"); err != nil {
		t.Fatal(err)
	}
	var types []string
	fake := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, ".jpg") {
			types = append(types, r.Header.Get("Content-Type"))
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "nobody")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "nothing")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	for _, more := range []string{"", "&request_checksum_calculation=when_required&response_checksum_validation=when_required", "&prefix=photos/"} {
		address, err := url.Parse("s3://town?region=cn-north-1&use_path_style=true&endpoint=" + url.QueryEscape(server.URL) + more)
		if err != nil {
			t.Fatal(err)
		}
		a := At(address)
		keeps(t, a)
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(types) != 12 || slices.ContainsFunc(types, func(s string) bool { return s != "image/jpeg" }) {
		t.Errorf("types: %q", types)
	}
	if _, err := backend.HeadObject("town", "photos/TWO.jpg"); err != nil {
		t.Errorf("beneath its prefix: %v", err)
	}
	server.Close()
	address, _ := url.Parse("s3://town?region=cn-north-1&use_path_style=true&endpoint=" + url.QueryEscape(server.URL))
	if _, _, err := At(address).Read(t.Context(), "TWO", false); !fault.Is(err, fault.Unavailable) {
		t.Errorf("of a server that is away: %v", err)
	}
}

func TestAPlaceThatCannotBeUsed(t *testing.T) {
	taken := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(taken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unknown, _ := url.Parse("s3://town?region=cn-north-1&no_such_option=1")
	for name, a := range map[string]*Album{
		"a file": Folder(taken), "beneath a file": Folder(filepath.Join(taken, "photos")), "where nobody may write": Folder("/proc/photos"), "an option that is none": At(unknown),
	} {
		for what, err := range map[string]error{
			"write":  a.Write(t.Context(), "ONE", picture),
			"remove": a.Remove(t.Context(), "ONE"),
			"try":    a.Check(t.Context()),
			"read":   func() error { _, _, err := a.Read(t.Context(), "ONE", false); return err }(),
		} {
			if !fault.Is(err, fault.Unavailable) || strings.Contains(fault.As(err).Text(fault.English), taken) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
}

// TestAPlaceThatComesBack: a folder that could not be opened is tried again.
func TestAPlaceThatComesBack(t *testing.T) {
	place := filepath.Join(t.TempDir(), "photos")
	if err := os.WriteFile(place, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	a := Folder(place)
	if err := a.Check(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Fatal(err)
	}
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	keeps(t, a)
}

// TestAPlaceThatHangs: whoever waits for a bucket that does not open leaves when their time is over, and it is opened once for all.
func TestAPlaceThatHangs(t *testing.T) {
	folder := Folder(filepath.Join(t.TempDir(), "photos"))
	var tries atomic.Int32
	open := make(chan struct{})
	a := &Album{opened: func(ctx context.Context) (*blob.Bucket, error) {
		tries.Add(1)
		<-open
		return folder.opened(ctx)
	}}
	t.Cleanup(func() { a.Close() })
	left := make(chan error)
	for range 3 {
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, _, err := a.Read(ctx, "ONE", false)
			left <- err
		}()
	}
	for range 3 {
		select {
		case err := <-left:
			if !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("a reader waits past its time")
		}
	}
	close(open)
	keeps(t, a)
	if n := tries.Load(); n != 1 {
		t.Errorf("%d tries", n)
	}
}

func TestATurnThatEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a := Folder(filepath.Join(t.TempDir(), "photos"))
	if err := a.Write(ctx, "ONE", picture); err == nil {
		t.Error("written after its end")
	}
	if got, ok, err := a.Read(t.Context(), "ONE", false); ok || err != nil {
		t.Errorf("half a picture is there: %q, %v", got, err)
	}
}
