package ops

import (
	"net"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// FuzzForwarded: whatever a client writes into the headers that say who it is, it is nobody whom no proxy of ours named, and the id of its request has the form of ours.
func FuzzForwarded(f *testing.F) {
	f.Add("203.0.113.5", "unknown, 10.0.0.2", "id-1")
	f.Add("10.0.0.1", "203.0.113.5, 10.0.0.2", "a\r\nSet-Cookie: x=1")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, peer, forwarded, id string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = net.JoinHostPort(peer, "1")
		r.Header["X-Forwarded-For"], r.Header["X-Request-Id"] = []string{forwarded}, []string{id}
		from, _ := clientAddr(r, trusted)
		if at, err := netip.ParseAddr(peer); err == nil && !trusted[0].Contains(at.Unmap()) && from != at.Unmap() {
			t.Errorf("%s says that it is %s, and is believed", peer, from)
		}
		of := requestID(r, trusted)
		if at, err := netip.ParseAddr(peer); !sane(of) || of == id && (err != nil || !trusted[0].Contains(at.Unmap())) {
			t.Errorf("the id of %s is %q", peer, of)
		}
	})
}
