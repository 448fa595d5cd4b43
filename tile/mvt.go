package tile

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"wangge/geo/coverage"
)

// The fields of Mapbox Vector Tile 2.1 (vector_tile.proto of its specification).
const (
	tileLayer = 3

	layerName    = 1
	layerFeature = 2
	layerKey     = 3
	layerValue   = 4
	layerExtent  = 5
	layerVersion = 15

	featureID       = 1
	featureTags     = 2
	featureType     = 3
	featureGeometry = 4

	valueText   = 1
	valueDouble = 3
	valueUint   = 5

	typePoint   = 1
	typePolygon = 3

	moveTo    = 1
	lineTo    = 2
	closePath = 7
)

// layerWriter encodes a layer of a tile. Features are told one after the other: open, then its attributes and its shape, then close.
type layerWriter struct {
	name     string
	keys     []string
	features []byte
	values   []byte
	count    uint64 // of values
	texts    map[string]uint64
	numbers  map[float64]uint64
	wholes   map[uint64]uint64

	// Of the feature at hand.
	id       uint64
	tags     []byte
	kind     uint64
	geometry []byte
	scratch  []byte
}

func newLayer(name string, keys ...string) *layerWriter {
	return &layerWriter{name: name, keys: keys, texts: map[string]uint64{}, numbers: map[float64]uint64{}, wholes: map[uint64]uint64{}}
}

func (l *layerWriter) open(id uint64) { l.id, l.tags, l.geometry = id, l.tags[:0], l.geometry[:0] }

// own gives the feature an attribute that no other has: it is not looked for among those told.
func (l *layerWriter) own(key int, s string) {
	l.scratch = protowire.AppendString(protowire.AppendTag(l.scratch[:0], valueText, protowire.BytesType), s)
	l.tag(key, l.count)
	l.value()
}

// text gives the feature an attribute, by the place of its key; "" is none.
func (l *layerWriter) text(key int, s string) {
	if s == "" {
		return
	}
	n, known := l.texts[s]
	if known {
		l.tag(key, n)
		return
	}
	l.texts[s] = l.count
	l.own(key, s)
}

func (l *layerWriter) number(key int, v float64) {
	n, known := l.numbers[v]
	if !known {
		n = l.count
		l.numbers[v] = n
		l.scratch = protowire.AppendFixed64(protowire.AppendTag(l.scratch[:0], valueDouble, protowire.Fixed64Type), math.Float64bits(v))
		l.value()
	}
	l.tag(key, n)
}

func (l *layerWriter) whole(key int, v uint64) {
	n, known := l.wholes[v]
	if !known {
		n = l.count
		l.wholes[v] = n
		l.scratch = protowire.AppendVarint(protowire.AppendTag(l.scratch[:0], valueUint, protowire.VarintType), v)
		l.value()
	}
	l.tag(key, n)
}

// value appends the one in scratch.
func (l *layerWriter) value() {
	l.values = protowire.AppendBytes(protowire.AppendTag(l.values, layerValue, protowire.BytesType), l.scratch)
	l.count++
}

func (l *layerWriter) tag(key int, value uint64) {
	l.tags = protowire.AppendVarint(protowire.AppendVarint(l.tags, uint64(key)), value)
}

func appendPoint(b []byte, p coverage.Pixel) []byte {
	return appendStep(append(b, moveTo|1<<3), p.X, p.Y)
}

// appendPolygons appends rings, as coverage.Draw tells them, as commands: of each a move, lines, and its closing.
func appendPolygons(b []byte, rings [][]coverage.Pixel) []byte {
	var at coverage.Pixel
	for _, ring := range rings {
		b = appendStep(append(b, moveTo|1<<3), ring[0].X-at.X, ring[0].Y-at.Y)
		b = protowire.AppendVarint(b, lineTo|uint64(len(ring)-1)<<3)
		at = ring[0]
		for _, p := range ring[1:] {
			b = appendStep(b, p.X-at.X, p.Y-at.Y)
			at = p
		}
		b = append(b, closePath|1<<3)
	}
	return b
}

func appendStep(b []byte, dx, dy int32) []byte {
	x, y := uint32(dx<<1)^uint32(dx>>31), uint32(dy<<1)^uint32(dy>>31)
	if x < 0x80 && y < 0x80 {
		return append(b, byte(x), byte(y))
	}
	return protowire.AppendVarint(protowire.AppendVarint(b, uint64(x)), uint64(y))
}

// close ends the feature.
func (l *layerWriter) close() {
	f := protowire.AppendVarint(protowire.AppendTag(l.scratch[:0], featureID, protowire.VarintType), l.id)
	if len(l.tags) > 0 {
		f = protowire.AppendBytes(protowire.AppendTag(f, featureTags, protowire.BytesType), l.tags)
	}
	f = protowire.AppendVarint(protowire.AppendTag(f, featureType, protowire.VarintType), l.kind)
	f = protowire.AppendBytes(protowire.AppendTag(f, featureGeometry, protowire.BytesType), l.geometry)
	l.features = protowire.AppendBytes(protowire.AppendTag(l.features, layerFeature, protowire.BytesType), f)
	l.scratch = f
}

// appendTo appends the layer to a tile; nothing where it has no features.
func (l *layerWriter) appendTo(tile []byte) []byte {
	if len(l.features) == 0 {
		return tile
	}
	head := protowire.AppendVarint(protowire.AppendTag(nil, layerVersion, protowire.VarintType), 2)
	head = protowire.AppendString(protowire.AppendTag(head, layerName, protowire.BytesType), l.name)
	var tail []byte
	for _, k := range l.keys {
		tail = protowire.AppendString(protowire.AppendTag(tail, layerKey, protowire.BytesType), k)
	}
	extent := protowire.AppendVarint(protowire.AppendTag(nil, layerExtent, protowire.VarintType), coverage.Extent)
	tile = protowire.AppendTag(tile, tileLayer, protowire.BytesType)
	tile = protowire.AppendVarint(tile, uint64(len(head)+len(l.features)+len(tail)+len(l.values)+len(extent)))
	tile = append(tile, head...)
	tile = append(tile, l.features...)
	tile = append(tile, tail...)
	tile = append(tile, l.values...)
	return append(tile, extent...)
}
