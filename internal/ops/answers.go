package ops

import "github.com/prometheus/client_golang/prometheus"

// Answers adds figures of kept answers, which stats reads.
func (m *Metrics) Answers(stats func() (hits, misses, bytes uint64)) error {
	return m.Register(answerStats(stats))
}

type answerStats func() (hits, misses, bytes uint64)

var (
	answersHit   = prometheus.NewDesc("wangge_graphql_answers_total", "Public queries whose answers may be kept, by whether they were.", []string{"kept"}, nil)
	answersBytes = prometheus.NewDesc("wangge_graphql_answers_bytes", "Memory of the kept answers.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s answerStats) Describe(c chan<- *prometheus.Desc) {
	c <- answersHit
	c <- answersBytes
}

// Collect implements prometheus.Collector.
func (s answerStats) Collect(c chan<- prometheus.Metric) {
	hits, misses, bytes := s()
	c <- prometheus.MustNewConstMetric(answersHit, prometheus.CounterValue, float64(hits), "true")
	c <- prometheus.MustNewConstMetric(answersHit, prometheus.CounterValue, float64(misses), "false")
	c <- prometheus.MustNewConstMetric(answersBytes, prometheus.GaugeValue, float64(bytes))
}
