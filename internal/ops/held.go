package ops

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Held are figures of the data that a server holds in memory.
type Held struct {
	Change               int64         // the last that is in force
	Age                  time.Duration // for how long it was not known to be current
	Grids                int
	Loads, Changes       int64         // how often everything was read, and what had changed
	LoadTook, ChangeTook time.Duration // the last time
}

// Watch adds the figures that read tells whenever they are asked for.
func (m *Metrics) Watch(read func() Held) { m.registry.MustRegister(heldStats{read}) }

type heldStats struct{ read func() Held }

var (
	heldChange = prometheus.NewDesc("wangge_data_change", "Number of the last change of the data that is in force here.", nil, nil)
	heldAge    = prometheus.NewDesc("wangge_data_age_seconds", "How long ago the data in memory was last known to be current; 0 while it is.", nil, nil)
	heldGrids  = prometheus.NewDesc("wangge_data_grids", "Grids in force.", nil, nil)
	heldReads  = prometheus.NewDesc("wangge_data_reads_total", "Times the data in memory was read, all of it or what had changed.", []string{"what"}, nil)
	heldTook   = prometheus.NewDesc("wangge_data_read_seconds", "How long the last such reading took until it was in force.", []string{"what"}, nil)
)

func (h heldStats) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{heldChange, heldAge, heldGrids, heldReads, heldTook} {
		c <- d
	}
}

func (h heldStats) Collect(c chan<- prometheus.Metric) {
	now := h.read()
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	tell(heldChange, prometheus.GaugeValue, float64(now.Change))
	tell(heldAge, prometheus.GaugeValue, now.Age.Seconds())
	tell(heldGrids, prometheus.GaugeValue, float64(now.Grids))
	tell(heldReads, prometheus.CounterValue, float64(now.Loads), "all")
	tell(heldReads, prometheus.CounterValue, float64(now.Changes), "changes")
	tell(heldTook, prometheus.GaugeValue, now.LoadTook.Seconds(), "all")
	tell(heldTook, prometheus.GaugeValue, now.ChangeTook.Seconds(), "changes")
}
