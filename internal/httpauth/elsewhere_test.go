package httpauth

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
)

func TestWhatMayComeFromElsewhere(t *testing.T) {
	const first = "GET /account HTTP/1.1\r\n"
	for _, c := range []struct {
		name, request string
		want          bool
	}{
		{"a browser here", first + "Host: 127.0.0.1:8080\r\n", false},
		{"by name", first + "Host: localhost:8080\r\nOrigin: http://localhost:8080\r\n", false},
		{"by name, without a port", first + "Host: LocalHost\r\n", false},
		{"a name below it", first + "Host: grid.localhost:8080\r\n", false},
		{"by IPv6", first + "Host: [::1]:8080\r\n", false},
		{"another loopback address", first + "Host: 127.9.9.9\r\n", false},
		{"a page of a development server", first + "Host: localhost:8080\r\nOrigin: http://localhost:5173\r\n", false},
		{"a proxy that keeps the host", first + "Host: grid.example.org\r\n", true},
		{"another machine of the network", first + "Host: 192.168.1.7:8080\r\n", true},
		{"a name that somebody points here", first + "Host: localhost.evil.example:8080\r\n", true},
		{"a name that ends alike", first + "Host: evillocalhost:8080\r\n", true},
		{"all addresses", first + "Host: 0.0.0.0:8080\r\n", true},
		{"no host", first + "Host: \r\n", true},
		{"Forwarded", first + "Host: localhost\r\nForwarded: for=127.0.0.1\r\n", true},
		{"X-Forwarded-For", first + "Host: localhost\r\nx-forwarded-for: 127.0.0.1\r\n", true},
		{"X-Forwarded-Proto", first + "Host: localhost\r\nX-Forwarded-Proto: http\r\n", true},
		{"an empty one", first + "Host: localhost\r\nX-Forwarded-For:\r\n", true},
		{"Via", first + "Host: localhost\r\nVia: 1.1 caddy\r\n", true},
		{"X-Real-IP", first + "Host: localhost\r\nX-Real-IP: 127.0.0.1\r\n", true},
		{"nginx as it comes", "GET / HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n", true},
		{"a browser by nginx with HTTP/1.1", first + "Host: 127.0.0.1:8080\r\nConnection: close\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n", true},
		{"a script that closes after each answer", first + "Host: 127.0.0.1:8080\r\nConnection: close\r\nUser-Agent: Python-urllib/3.11\r\n", false},
		{"a proxy with a host of its own", first + "Host: 127.0.0.1:8080\r\nOrigin: https://grid.example.org\r\n", true},
		{"a page without an origin", first + "Host: 127.0.0.1:8080\r\nOrigin: null\r\n", true},
	} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(c.request + "\r\n")))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := FromElsewhere(r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
