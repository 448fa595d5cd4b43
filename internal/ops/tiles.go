package ops

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// TilesAsked are the requests for a layer at a zoom, by whether what was kept answered them.
type TilesAsked struct {
	Layer        string
	Zoom         int
	Hits, Misses uint64
}

// TileFigures are figures of the tiles that were asked for and of those that are kept.
type TileFigures struct {
	Asked           []TilesAsked
	Entries         int
	Bytes           uint64
	Evicted, Purged uint64
}

// Tiles adds the figures that read tells whenever they are asked for.
func (m *Metrics) Tiles(read func() TileFigures) { m.registry.MustRegister(tileStats{read}) }

type tileStats struct{ read func() TileFigures }

var (
	tilesAsked = prometheus.NewDesc("wangge_tiles_total", "Requests for tiles, one for each of their layers, by whether what was kept answered them.",
		[]string{"layer", "zoom", "kept"}, nil)
	tilesEntries = prometheus.NewDesc("wangge_tiles_kept", "Tiles that are kept.", nil, nil)
	tilesBytes   = prometheus.NewDesc("wangge_tiles_kept_bytes", "Memory of the kept tiles.", nil, nil)
	tilesEvicted = prometheus.NewDesc("wangge_tiles_evicted_total", "Kept tiles that others pushed out.", nil, nil)
	tilesPurged  = prometheus.NewDesc("wangge_tiles_purged_total", "Kept tiles in which something changed.", nil, nil)
)

func (t tileStats) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{tilesAsked, tilesEntries, tilesBytes, tilesEvicted, tilesPurged} {
		c <- d
	}
}

func (t tileStats) Collect(c chan<- prometheus.Metric) {
	now := t.read()
	tell := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		c <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	for _, a := range now.Asked {
		zoom := strconv.Itoa(a.Zoom)
		tell(tilesAsked, prometheus.CounterValue, float64(a.Hits), a.Layer, zoom, "true")
		tell(tilesAsked, prometheus.CounterValue, float64(a.Misses), a.Layer, zoom, "false")
	}
	tell(tilesEntries, prometheus.GaugeValue, float64(now.Entries))
	tell(tilesBytes, prometheus.GaugeValue, float64(now.Bytes))
	tell(tilesEvicted, prometheus.CounterValue, float64(now.Evicted))
	tell(tilesPurged, prometheus.CounterValue, float64(now.Purged))
}
