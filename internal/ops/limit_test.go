package ops

import (
	"encoding/binary"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestWhoAsks(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"directly", "203.0.113.5:1", nil, "203.0.113.5"},
		{"a stranger's word is not believed", "203.0.113.5:1", []string{"1.1.1.1"}, "203.0.113.5"},
		{"through a proxy of ours", "10.0.0.1:1", []string{"203.0.113.5"}, "203.0.113.5"},
		{"through two", "10.0.0.1:1", []string{"203.0.113.5, 10.9.9.9"}, "203.0.113.5"},
		{"in two headers", "10.0.0.1:1", []string{"203.0.113.5", "10.9.9.9"}, "203.0.113.5"},
		{"with a forged beginning", "10.0.0.1:1", []string{"1.1.1.1, 203.0.113.5"}, "203.0.113.5"},
		{"with nonsense", "10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		{"the proxy itself", "10.0.0.1:1", nil, "10.0.0.1"},
		{"IPv6 counts by household", "[2001:db8:1:2:3::4]:1", nil, "2001:db8:1:2::"},
		{"IPv4 in IPv6", "[::ffff:203.0.113.5]:1", nil, "203.0.113.5"},
		{"a proxy on this machine", "[::1]:1", []string{"2001:db8:1:2:9::9"}, "2001:db8:1:2::"},
		{"a Unix socket", "@", []string{"1.1.1.1"}, "invalid IP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = c.peer
			for _, v := range c.forwarded {
				r.Header.Add("X-Forwarded-For", v)
			}
			from, unbelieved := clientAddr(r, trusted)
			if got := network(from).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if got := ClientNetwork(trusted)(r).String(); got != c.want {
				t.Errorf("tries are counted by %s, want %s", got, c.want)
			}
			if want := c.name == "a stranger's word is not believed"; unbelieved != want {
				t.Errorf("unbelieved %t, want %t", unbelieved, want)
			}
		})
	}
}

func TestTheBucketFillsAgain(t *testing.T) {
	l, from, now := newLimiter(2), netip.MustParseAddr("203.0.113.5"), time.Unix(1_700_000_000, 0)
	for i := range 10 {
		if wait := l.wait(from, now); wait != 0 {
			t.Fatalf("request %d waits %v", i+1, wait)
		}
	}
	if wait := l.wait(from, now); wait != 500*time.Millisecond {
		t.Errorf("the eleventh waits %v", wait)
	}
	if wait := l.wait(from, now.Add(500*time.Millisecond)); wait != 0 {
		t.Errorf("half a second later it waits %v: being refused must cost nothing", wait)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	l, now := newLimiter(1), time.Unix(1_700_000_000, 0)
	l.most = 1000
	for i := range 10_000 {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], uint32(i))
		l.wait(netip.AddrFrom4(a), now)
		if len(l.buckets) > l.most {
			t.Fatalf("%d addresses are remembered", len(l.buckets))
		}
	}
	busy := netip.MustParseAddr("203.0.113.5")
	later := now.Add(time.Hour)
	for range 5 {
		l.wait(busy, later)
	}
	l.forget(later)
	if len(l.buckets) != 1 {
		t.Errorf("%d addresses are remembered, only one has asked lately", len(l.buckets))
	}
}

// TestAProxyThatNobodyNamed: all who come through it share one limit, which is told, once.
func TestAProxyThatNobodyNamed(t *testing.T) {
	h := build(t, Options{RateLimit: 1e9})
	for range 3 {
		r := get("/")
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
		h.ask(r)
	}
	if text := h.log.String(); strings.Count(text, "TRUSTED_PROXIES") != 1 || strings.Contains(text, "198.51.100.7") {
		t.Errorf("the log says %s", text)
	}
}
