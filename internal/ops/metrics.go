package ops

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the figures at /metrics: requests by route and status, the connection pool, Go's runtime. Labels are
// patterns and numbers, never a path or a person.
type Metrics struct {
	registry *prometheus.Registry
	open     prometheus.Gauge
	streams  prometheus.Gauge
	took     *prometheus.HistogramVec

	// The histograms of took by their labels, which are few and come again with every request: a map that is replaced, never
	// changed.
	known  atomic.Pointer[map[labels]prometheus.Observer]
	adding sync.Mutex
}

type labels struct {
	method, route string
	status        int
}

// NewMetrics returns figures that stand at zero. stat is the pool's; nil where there is none.
func NewMetrics(stat func() *pgxpool.Stat) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "wangge_http_requests_open", Help: "Requests being answered.",
		}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "wangge_http_streams_open", Help: "Answers without an end that are open: server-sent events, WebSockets.",
		}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "wangge_http_request_seconds", Help: "Time to answer, by route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "route", "status"}),
	}
	m.known.Store(&map[labels]prometheus.Observer{})
	m.registry.MustRegister(m.open, m.streams, m.took, collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if stat != nil {
		m.registry.MustRegister(poolStats{stat})
	}
	return m
}

// Register adds a collector of another room's figures.
func (m *Metrics) Register(c prometheus.Collector) error { return m.registry.Register(c) }

// Subscriptions adds the figure of those that are open, which count tells: a WebSocket may hold several.
func (m *Metrics) Subscriptions(count func() int) error {
	return m.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "wangge_graphql_subscriptions_open", Help: "GraphQL subscriptions that are open.",
	}, func() float64 { return float64(count()) }))
}

// Handler answers GET /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true}) // compressed above
}

func (m *Metrics) begin() { m.open.Inc() }

// stream: a request that was begun has become an answer without an end. Its time says nothing of how fast anything is.
func (m *Metrics) stream() { m.open.Dec(); m.streams.Inc() }

func (m *Metrics) streamEnd() { m.streams.Dec() }

func (m *Metrics) end(method, route string, status int, took time.Duration) {
	m.open.Dec()
	m.of(labels{method, route, status}).Observe(took.Seconds())
}

func (m *Metrics) of(l labels) prometheus.Observer {
	if o, ok := (*m.known.Load())[l]; ok {
		return o
	}
	m.adding.Lock()
	defer m.adding.Unlock()
	known := maps.Clone(*m.known.Load())
	known[l] = m.took.WithLabelValues(l.method, l.route, strconv.Itoa(l.status))
	m.known.Store(&known)
	return known[l]
}

// poolStats reads the pool's own counters when it is asked.
type poolStats struct{ stat func() *pgxpool.Stat }

var (
	poolConns = prometheus.NewDesc("wangge_db_connections", "Connections of the pool, by what they do.", []string{"state"}, nil)
	poolMax   = prometheus.NewDesc("wangge_db_connections_max", "Most connections the pool opens.", nil, nil)
	poolWaits = prometheus.NewDesc("wangge_db_waits_total", "Times a request had to wait for a connection.", nil, nil)
	poolWait  = prometheus.NewDesc("wangge_db_wait_seconds_total", "Time spent waiting for a connection.", nil, nil)
)

func (p poolStats) Describe(c chan<- *prometheus.Desc) {
	c <- poolConns
	c <- poolMax
	c <- poolWaits
	c <- poolWait
}

func (p poolStats) Collect(c chan<- prometheus.Metric) {
	s := p.stat()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(poolConns, float64(s.AcquiredConns()), "busy")
	gauge(poolConns, float64(s.IdleConns()), "idle")
	gauge(poolConns, float64(s.ConstructingConns()), "opening")
	gauge(poolMax, float64(s.MaxConns()))
	c <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(s.EmptyAcquireCount()))
	c <- prometheus.MustNewConstMetric(poolWait, prometheus.CounterValue, s.EmptyAcquireWaitTime().Seconds())
}
