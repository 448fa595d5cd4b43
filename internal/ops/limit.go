package ops

import (
	"html/template"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wangge/domain/audit"
	"wangge/internal/answer"
	"wangge/internal/fault"
)

var _ = fault.Register(
	[3]string{"ops.tooMany", "Too many requests from your address; try again in {seconds} s.", "请求过于频繁，请 {seconds} 秒后再试。"},
)

const (
	burstSeconds = 5       // a page that opens asks for many tiles at once
	maxAddresses = 1 << 16 // remembered; about 10 MB
)

// limiter holds a bucket for each address.
type limiter struct {
	perSecond rate.Limit
	burst     int
	most      int
	mu        sync.Mutex
	buckets   map[netip.Addr]*rate.Limiter
}

func newLimiter(perSecond float64) *limiter {
	return &limiter{perSecond: rate.Limit(perSecond), burst: int(min(math.Ceil(perSecond*burstSeconds), 1e9)),
		most: maxAddresses, buckets: map[netip.Addr]*rate.Limiter{}}
}

// wait is 0 where from may ask now, else how long it should wait.
func (l *limiter) wait(from netip.Addr, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[from]
	if !known {
		if len(l.buckets) >= l.most {
			l.forget(now)
		}
		b = rate.NewLimiter(l.perSecond, l.burst)
		l.buckets[from] = b
	}
	ask := b.ReserveN(now, 1)
	delay := ask.DelayFrom(now)
	if delay > 0 {
		ask.CancelAt(now)
	}
	return delay
}

// forget drops the addresses that have not asked lately, whose buckets are full, and where too many are left any
// others: an attacker with many addresses must cost neither memory nor a search at every request.
func (l *limiter) forget(now time.Time) {
	for from, b := range l.buckets {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.buckets, from)
		}
	}
	for from := range l.buckets {
		if len(l.buckets) <= l.most*7/8 {
			return
		}
		delete(l.buckets, from)
	}
}

// mayAskNow reports whether r's sender may ask now; where not, w is answered 429. Probes are let through.
func (e *edge) mayAskNow(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet && isProbe(r.URL.Path) {
		return true
	}
	from, forwarded := clientAddr(r, e.TrustedProxies)
	if forwarded {
		e.untold.Do(func() {
			e.Log.WarnContext(r.Context(), "X-Forwarded-For comes from an address that is no trusted proxy and is not believed: if a proxy of yours stands there, all that comes through it shares one limit until TRUSTED_PROXIES names it",
				"peer", from.String())
		})
	}
	wait := e.rate.wait(network(from), time.Now())
	if wait <= 0 {
		return true
	}
	seconds := int(math.Ceil(wait.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	refusal := answer.Refuse(r, e.Log, fault.New(fault.Limited, "", "ops.tooMany", "seconds", seconds))
	w.Header().Add("Vary", "Accept, Accept-Language")
	if refusal.Status == answer.StatusClosed || r.URL.Path == "/graphql" || !strings.Contains(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), "text/html") {
		refusal.Write(w, r)
		return false
	}
	writePage(w, refusal, answer.Language(r, fault.Chinese))
	return false
}

// plainPage is what people read who share their address with many: it loads nothing, since that would be refused too. Its link leads to where it stands.
var plainPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="{{.Tag}}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{{.Title}}</title>
<h1>{{.Title}}</h1>
<p>{{.Says}}</p>
<p><a href="">{{.Again}}</a></p>
`))

func writePage(w http.ResponseWriter, refusal answer.Refusal, lang fault.Language) {
	words := struct{ Tag, Title, Says, Again string }{"zh-CN", "请稍候", refusal.Fault.Text(lang), "重试"}
	if lang == fault.English {
		words.Tag, words.Title, words.Again = "en", "Please wait", "Try again"
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'")
	w.WriteHeader(refusal.Status)
	_ = plainPage.Execute(w, words) // the sender may be gone; nobody is left to tell
}

// Origin says for the audit which request it was, and where it comes from, as the limits do.
func Origin(trusted []netip.Prefix) func(*http.Request) audit.Origin {
	return func(r *http.Request) audit.Origin {
		from, _ := clientAddr(r, trusted)
		return audit.Origin{Request: answer.RequestID(r.Context()), From: from}
	}
}

// ClientNetwork is where a request comes from as it is counted, by the limits and by who counts tries to sign in.
func ClientNetwork(trusted []netip.Prefix) func(*http.Request) netip.Addr {
	return func(r *http.Request) netip.Addr {
		from, _ := clientAddr(r, trusted)
		return network(from)
	}
}

// clientAddr is who asks: the peer, or, where the peer is a proxy of ours, the last address in X-Forwarded-For that
// is none. What stands before that was written by the client and proves nothing. unbelieved: the peer is none of ours, yet
// says for whom it asks.
func clientAddr(r *http.Request, trusted []netip.Prefix) (_ netip.Addr, unbelieved bool) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false // a Unix socket: all share one bucket
	}
	addr := peer.Addr().Unmap()
	if len(r.Header["X-Forwarded-For"]) == 0 {
		return addr, false
	}
	if !within(trusted, addr) {
		return addr, true
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !within(trusted, addr) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		addr = next.Unmap()
	}
	return addr, false
}

func within(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// network is the address that is counted: one of IPv4, the /64 of IPv6, which one household has to itself.
func network(a netip.Addr) netip.Addr {
	if a.Is4() || !a.IsValid() {
		return a
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}
