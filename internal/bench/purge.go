package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// purge is what was found about kept tiles while a border moved.
type purge struct {
	took []time.Duration // of each shift, from its commit until every server answered the new tile

	asked        int // requests for tiles elsewhere
	hits, misses int // of them, as the servers count; -1: they do not count
	purged       int // tiles that all servers gave up
}

const bulge = 12.0 // steps of the patch: how far the border between the first two grids moves

// borderTile is the tile in which it moves.
func borderTile() maptile.Tile {
	p := patchAt(patchWidth/22+bulge/2, 0.5)
	return maptile.At(orb.Point(p), 16)
}

// nearBorder reports whether one of the two grids may be seen in a tile.
func nearBorder(t maptile.Tile) bool {
	var grids orb.Ring
	for _, p := range patchRing(0, 0, 2, 0) {
		grids = append(grids, p)
	}
	return t.Bound(1).Intersects(grids.Bound())
}

// purges shifts a border five times a second, looks in every server when its tile is the new one, and asks for tiles elsewhere.
func purges(ctx context.Context, o options, t *town, out io.Writer) (found purge, err error) {
	s := &stage{ctx: ctx, o: o, t: t}
	defer s.close()
	all, who, err := s.several()
	if err != nil {
		return found, err
	}
	defer who.restore(context.WithoutCancel(ctx))
	for _, p := range all {
		p.settle(ctx)
	}
	border := who.sites[0]
	put := func(way int) error {
		err := border.put(ctx, way)
		if err == nil {
			border.way = way
		}
		return err
	}

	// The tile either way, checked against PostGIS in every server; at the end as it was at the start.
	path := func(t maptile.Tile) string { return fmt.Sprintf("/tiles/grids/%d/%d/%d.mvt", t.Z, t.X, t.Y) }
	tile := path(borderTile())
	var ways [2][]byte
	for _, way := range []int{1 - border.way, border.way} {
		if err := put(way); err != nil {
			return found, err
		}
		near, err := expectedIn(ctx, t.url, "grids", []maptile.Tile{borderTile()})
		if err != nil {
			return found, err
		}
		time.Sleep(time.Second)
		for _, p := range all {
			if _, err := checkTiles(ctx, "grids", near, p.url, []string{tile}); err != nil {
				return found, fmt.Errorf("%s, a second after a border moved: %w", p.name, err)
			}
			_, b, err := fetch(ctx, p.url+tile, false)
			if err != nil {
				return found, err
			}
			if ways[way] != nil && !bytes.Equal(ways[way], b) {
				return found, fmt.Errorf("%s answers another tile than %s", p.name, all[0].name)
			}
			ways[way] = b
		}
	}
	if bytes.Equal(ways[0], ways[1]) {
		return found, errors.New("a border moved, and its tile stays the same")
	}

	elsewhere, err := fullestTiles(ctx, t.url, tileContest{layer: "grids", zoom: 15, tiles: 40})
	if err != nil {
		return found, err
	}
	elsewhere = slices.DeleteFunc(elsewhere, nearBorder)
	kept := map[string][]byte{}
	for _, p := range all {
		for _, at := range elsewhere {
			if _, kept[path(at)], err = fetch(ctx, p.url+path(at), false); err != nil {
				return found, err
			}
		}
	}
	before, err := tileFigures(ctx, all, "15")
	if err != nil {
		return found, err
	}
	times := max(1, o.times/5)
	began := time.Now()
	for k := range times {
		if d := time.Until(began.Add(time.Duration(k) * 200 * time.Millisecond)); d > 0 {
			time.Sleep(d)
		}
		way := 1 - border.way
		took, err := untilShown(ctx, all, func(ctx context.Context, p *process) (bool, error) {
			_, b, err := fetch(ctx, p.url+tile, false)
			return bytes.Equal(b, ways[way]), err
		}, func() error { return put(way) })
		if err != nil {
			return found, fmt.Errorf("the tile of a border: %w", err)
		}
		found.took = append(found.took, took)
		at := path(elsewhere[k%len(elsewhere)])
		for _, p := range all {
			found.asked++
			if _, b, err := fetch(ctx, p.url+at, false); err != nil || !bytes.Equal(b, kept[at]) {
				return found, fmt.Errorf("%s answers another %s although nothing changed there (%v)", p.name, at, err)
			}
		}
	}
	after, err := tileFigures(ctx, all, "15")
	if err != nil {
		return found, err
	}
	found.hits, found.misses, found.purged = -1, -1, after["purged"]-before["purged"]
	if after["counts"] > 0 {
		found.hits, found.misses = after["true"]-before["true"], after["false"]-before["false"]
	}
	fmt.Fprintln(out, found.text())
	return found, nil
}

var (
	tilesAsked  = regexp.MustCompile(`(?m)^wangge_tiles_total\{kept="(true|false)",layer="grids",zoom="(\d+)"\} (\S+)`)
	tilesPurged = regexp.MustCompile(`(?m)^wangge_tiles_purged_total (\S+)`)
)

// tileFigures adds up what servers say at /metrics about tiles with grids: "true" and "false" at a zoom, by whether what was kept
// answered; "purged"; and "counts", how many servers count at all.
func tileFigures(ctx context.Context, all []*process, zoom string) (map[string]int, error) {
	sum := map[string]int{}
	for _, p := range all {
		_, b, err := fetch(ctx, p.url+"/metrics", false)
		if err != nil {
			return nil, err
		}
		for _, m := range tilesAsked.FindAllSubmatch(b, -1) {
			n, err := strconv.ParseFloat(string(m[3]), 64)
			if err != nil {
				return nil, err
			}
			if string(m[2]) == zoom {
				sum[string(m[1])] += int(n)
			}
		}
		if m := tilesPurged.FindSubmatch(b); m != nil {
			n, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil {
				return nil, err
			}
			sum["purged"] += int(n)
			sum["counts"]++
		}
	}
	return sum, nil
}

func (p purge) text() string {
	elsewhere := fmt.Sprintf("%d requests for tiles elsewhere meanwhile were answered the same bytes: %d of them from what was kept, %d made again; %d tiles were given up.",
		p.asked, p.hits, p.misses, p.purged)
	if p.hits < 0 {
		elsewhere = fmt.Sprintf("%d requests for tiles elsewhere meanwhile were answered the same bytes; this version does not say whether it kept them.", p.asked)
	}
	return fmt.Sprintf("%d shifts of a border, five a second: its tile at zoom 16 was the new one in all %d servers after p50 %.1f, p99 %.1f, at most %.1f ms. %s\n",
		len(p.took), servers, ms(quantile(p.took, 0.5)), ms(quantile(p.took, 0.99)), ms(slices.Max(p.took)), elsewhere)
}
