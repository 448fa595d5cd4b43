package paper

import (
	"fmt"
	"net/url"
	"strings"
)

// address is where a link may lead: https, http, tel or a path of this server; escaped, so that it is ASCII. Anything else leads nowhere: "".
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || strings.ContainsAny(s, "\\\t\r\n") {
		return ""
	}
	switch u.Scheme {
	case "https", "http":
		if u.Host == "" || u.User != nil || !ascii(u.Host) {
			return ""
		}
	case "tel":
		if u.Opaque == "" || strings.Trim(u.Opaque, "+0123456789-*#,;()") != "" {
			return ""
		}
	case "":
		if !strings.HasPrefix(u.Path, "/") || u.Host != "" || strings.HasPrefix(s, "//") {
			return ""
		}
	default:
		return ""
	}
	// Paths and fragments are escaped by the library, queries are not.
	var b strings.Builder
	for _, c := range []byte(u.String()) {
		if c <= ' ' || c > '~' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
