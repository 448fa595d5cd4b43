// Package osm reads buildings, roads and administrative boundaries from OpenStreetMap files, XML or PBF, with the
// geometry that their nodes, ways and multipolygon relations make. It neither repairs nor judges a geometry beyond
// that: rings that cross themselves are handed on as they are.
package osm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"sync/atomic"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"

	"wangge/load/feature"
)

// Kind is what is read from a file.
type Kind int

// The kinds, and which elements are one.
const (
	// Buildings are closed ways and multipolygon relations with building=*, but for building=no. Parts of
	// buildings (building:part) and buildings that are a mere node are not.
	Buildings Kind = iota
	// Roads are ways with highway=* but for area=yes. Multipolygon relations with highway=* are squares, whose
	// area is no line, so they are no roads either.
	Roads
	// Boundaries are multipolygon and boundary relations and closed ways with boundary=administrative.
	Boundaries
)

// Options of a Reader.
type Options struct {
	Kind Kind
	// AdminLevel keeps only boundaries with this admin_level, "10"; empty keeps all.
	AdminLevel string
}

// An Opener returns the file from its beginning, unpacked. It is called for each scan.
type Opener func() (io.ReadCloser, error)

// Reader reads features in the order of the file. It implements feature.Rows.
//
// A file is scanned three times, so that only what is needed is held: first the relations, for their members; then
// the ways, for the nodes they need; then everything, handing ways and relations on as they come. A file whose
// nodes do not come first, as Overpass writes them, takes a fourth scan. In memory are the positions of the nodes
// needed (24 bytes each), the wanted relations and their member ways.
//
// An element that cannot be built (a node or member that is not in the file, a ring that does not close) is a
// *feature.RowError naming "way 4711" or "relation 11384697"; an extract has such elements along its edge.
type Reader struct {
	open  Opener
	opts  Options
	next  func() (feature.Feature, error, bool)
	stop  func()
	err   error
	scans atomic.Int32 // begun so far, for progress
	total atomic.Int32 // that there will be

	relations []*osm.Relation
	members   map[osm.WayID]*osm.Way // the ways that wanted relations are made of; nil until seen
	nodes     nodes
	sorted    bool
}

// NewReader returns a Reader; nothing is opened before the first Next.
func NewReader(ctx context.Context, open Opener, opts Options) *Reader {
	r := &Reader{open: open, opts: opts, members: map[osm.WayID]*osm.Way{}, sorted: true}
	r.total.Store(3)
	r.next, r.stop = iter.Pull2(r.rows(ctx))
	return r
}

// Next implements feature.Rows.
func (r *Reader) Next() (feature.Feature, error) {
	if r.err != nil {
		return feature.Feature{}, r.err
	}
	f, err, ok := r.next()
	if !ok {
		r.err = io.EOF
		return feature.Feature{}, io.EOF
	}
	var row *feature.RowError
	if err != nil && !errors.As(err, &row) {
		r.err = err
		r.stop()
	}
	return f, err
}

// Close implements feature.Rows.
func (r *Reader) Close() error {
	r.stop()
	if r.err == nil {
		r.err = errors.New("osm: reader is closed")
	}
	return nil
}

// Scans says how often the file has been opened so far and how often it will have been in the end, for
// progress. It may be called at any time.
func (r *Reader) Scans() (begun, total int) { return int(r.scans.Load()), int(r.total.Load()) }

// rows is the whole reading, one scan after the other.
func (r *Reader) rows(ctx context.Context) iter.Seq2[feature.Feature, error] {
	return func(yield func(feature.Feature, error) bool) {
		for _, scan := range []func(context.Context) error{r.scanRelations, r.scanWays, r.scanNodes} {
			if err := scan(ctx); err != nil {
				yield(feature.Feature{}, err)
				return
			}
		}
		stopped := false
		hand := func(f feature.Feature, err error) error {
			if !yield(f, err) {
				stopped = true
				return errStop
			}
			return nil
		}
		if err := r.scanRows(ctx, hand); err != nil && !stopped {
			yield(feature.Feature{}, err)
		}
	}
}

var errStop = errors.New("osm: reading was stopped")

// scanRelations finds the wanted relations, and whether nodes come before ways and these before relations.
func (r *Reader) scanRelations(ctx context.Context) error {
	rank := 0
	return r.scan(ctx, scanAll, func(o osm.Object) error {
		now := 0
		switch o := o.(type) {
		case *osm.Way:
			now = 1
		case *osm.Relation:
			now = 2
			if o.Visible && r.wantsRelation(o.Tags) {
				r.relations = append(r.relations, o)
				for _, m := range o.Members {
					if m.Type == osm.TypeWay {
						r.members[osm.WayID(m.Ref)] = nil
					}
				}
			}
		case *osm.Node:
		default:
			return nil
		}
		r.sorted = r.sorted && now >= rank
		rank = max(rank, now)
		return nil
	})
}

// scanWays notes the nodes that wanted ways need and keeps the members of wanted relations.
func (r *Reader) scanWays(ctx context.Context) error {
	err := r.scan(ctx, scanWays, func(o osm.Object) error {
		way, ok := o.(*osm.Way)
		if !ok || !way.Visible {
			return nil
		}
		_, isMember := r.members[way.ID]
		if isMember {
			r.members[way.ID] = &osm.Way{ID: way.ID, Nodes: way.Nodes}
		}
		if isMember || r.wantsWay(way) {
			for _, n := range way.Nodes {
				r.nodes.need(n.ID)
			}
		}
		return nil
	})
	r.nodes.ready()
	return err
}

// scanNodes finds the positions beforehand where the file is not in order.
func (r *Reader) scanNodes(ctx context.Context) error {
	if r.sorted {
		return nil
	}
	r.total.Store(4)
	return r.scan(ctx, scanNodes, func(o osm.Object) error {
		if node, ok := o.(*osm.Node); ok && node.Visible {
			r.nodes.set(node)
		}
		return nil
	})
}

// scanRows builds what was wanted.
func (r *Reader) scanRows(ctx context.Context, hand func(feature.Feature, error) error) error {
	err := r.scan(ctx, scanAll, func(o osm.Object) error {
		switch o := o.(type) {
		case *osm.Node:
			if o.Visible {
				r.nodes.set(o)
			}
		case *osm.Way:
			if o.Visible && r.wantsWay(o) {
				return hand(r.way(o))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, relation := range r.relations { // at the end, when every member and node is sure to have been seen
		if err := hand(r.relation(relation)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) wantsWay(w *osm.Way) bool {
	switch r.opts.Kind {
	case Buildings:
		building := w.Tags.Find("building")
		return building != "" && building != "no"
	case Roads:
		return w.Tags.Find("highway") != "" && w.Tags.Find("area") != "yes"
	default:
		// An open way with this tag is part of a border, described by the relations it belongs to.
		return r.isBoundary(w.Tags) && len(w.Nodes) > 1 && w.Nodes[0].ID == w.Nodes[len(w.Nodes)-1].ID
	}
}

func (r *Reader) wantsRelation(tags osm.Tags) bool {
	typ := tags.Find("type")
	switch r.opts.Kind {
	case Buildings:
		building := tags.Find("building")
		return typ == "multipolygon" && building != "" && building != "no"
	case Boundaries:
		return (typ == "multipolygon" || typ == "boundary") && r.isBoundary(tags)
	default:
		return false
	}
}

func (r *Reader) isBoundary(tags osm.Tags) bool {
	return tags.Find("boundary") == "administrative" && (r.opts.AdminLevel == "" || tags.Find("admin_level") == r.opts.AdminLevel)
}

// way builds a wanted way: an area, or for roads a line.
func (r *Reader) way(w *osm.Way) (feature.Feature, error) {
	f := feature.Feature{Source: fmt.Sprintf("way %d", w.ID), ID: fmt.Sprintf("way/%d", w.ID)}
	line, bad := r.line(w)
	switch {
	case bad != nil:
	case r.opts.Kind == Roads && len(line) < 2:
		bad = &fault{reason: fmt.Sprintf("a line needs 2 nodes or more, has %d", len(line))}
	case r.opts.Kind == Roads:
		f.Geometry = line
	case w.Nodes[0].ID != w.Nodes[len(w.Nodes)-1].ID:
		bad = &fault{reason: "the outline is not closed: its first and last node differ", at: &line[len(line)-1]}
	case len(line) < 4:
		bad = &fault{reason: fmt.Sprintf("an outline needs 3 different nodes or more, has %d", len(line)-1), at: &line[0]}
	default:
		f.Geometry = orb.Polygon{orb.Ring(line)}
	}
	return finish(f, w.Tags, r.opts.Kind, bad)
}

func (r *Reader) relation(rel *osm.Relation) (feature.Feature, error) {
	f := feature.Feature{Source: fmt.Sprintf("relation %d", rel.ID), ID: fmt.Sprintf("relation/%d", rel.ID)}
	area, bad := r.assemble(rel)
	switch {
	case bad != nil:
	case len(area) == 1:
		f.Geometry = area[0]
	default:
		f.Geometry = area
	}
	return finish(f, rel.Tags, r.opts.Kind, bad)
}

// fault is why an element cannot be built.
type fault struct {
	field, reason string
	at            *orb.Point
}

func finish(f feature.Feature, tags osm.Tags, kind Kind, bad *fault) (feature.Feature, error) {
	if bad != nil {
		return feature.Feature{}, &feature.RowError{Source: f.Source, ID: f.ID, Field: bad.field, Reason: bad.reason, At: bad.at}
	}
	f.Properties = properties(tags, kind)
	return f, nil
}

// line is the places of a way's nodes, in degrees, longitude first.
func (r *Reader) line(w *osm.Way) (orb.LineString, *fault) {
	if len(w.Nodes) == 0 {
		return nil, &fault{reason: fmt.Sprintf("way %d has no nodes", w.ID)}
	}
	line := make(orb.LineString, len(w.Nodes))
	for i, n := range w.Nodes {
		p, ok := r.nodes.at(n.ID)
		if !ok && (n.Lat != 0 || n.Lon != 0) {
			p, ok = orb.Point{n.Lon, n.Lat}, true // some exports write the place into the way
		}
		if !ok {
			bad := &fault{reason: fmt.Sprintf("node %d of way %d is not in the file", n.ID, w.ID)}
			if i > 0 {
				bad.at = &line[i-1]
			}
			return nil, bad
		}
		// The comparisons are false for NaN.
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
			return nil, &fault{reason: fmt.Sprintf("node %d lies at longitude %v, latitude %v, which is not on Earth", n.ID, p[0], p[1])}
		}
		line[i] = p
	}
	return line, nil
}
