package httpauth

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// passedOn are the headers that a proxy adds; those of X-Forwarded- besides.
var passedOn = []string{"Forwarded", "Via", "X-Real-Ip"}

// FromElsewhere reports whether r, which came to a server that this machine alone can reach, may have been passed on by something here, for somebody elsewhere: a proxy says so of itself, or speaks as
// none but proxies do; a page of another machine, or of one that only claims to lie here (DNS rebinding), asks by a name that is not this machine's.
func FromElsewhere(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) || !namesThisMachine(r.Host) { // nginx, told nothing else, asks by HTTP/1.0
		return true
	}
	if r.Close && strings.HasPrefix(r.UserAgent(), "Mozilla/") { // told HTTP/1.1 it closes after each answer, as scripts do, too (Python's urllib), but no browser
		return true
	}
	for _, name := range passedOn {
		if len(r.Header[name]) > 0 {
			return true
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	for _, origin := range r.Header["Origin"] { // where a proxy has put a host of its own
		if u, err := url.Parse(origin); err != nil || !namesThisMachine(u.Host) {
			return true
		}
	}
	return false
}

// namesThisMachine reports whether a host, with or without a port, is a name that no other machine can have.
func namesThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(host), "["), "]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
