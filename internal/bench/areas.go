package main

import (
	"bufio"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// The second data set: 7,000 towns as large as towns are, in 70 districts, whose borders have a vertex every 45 metres or so and
// are shared vertex by vertex.
const (
	areasDatabase = "bench_areas"
	areaColumns   = 100
	areaRows      = 70
	areaCity      = "9903"
	areaHalvings  = 7 // of a side: 128 edges

	areaWidth, areaHeight = 0.0575, 0.05 // degrees: 5.5 km
	areaWest, areaSouth   = 112.0, 27.0
)

// openAreas makes the data set's database, or finds it.
func (t *town) openAreas(ctx context.Context, o options, out io.Writer) (string, error) {
	there, err := t.databases(ctx)
	if err != nil {
		return "", err
	}
	if there[areasDatabase] {
		_, err := command(ctx, []string{"DATABASE_URL=" + t.database(areasDatabase)}, o.wangge, "migrate", "up")
		return t.database(areasDatabase), err
	}
	began := time.Now()
	fmt.Fprintf(out, "making %d divisions …\n", areaColumns*areaRows)
	file := filepath.Join(t.dir, "areas.geojson")
	if err := writeAreas(file); err != nil {
		return "", err
	}
	defer os.Remove(file)
	if err := t.loadInto(ctx, areasDatabase, o.wangge, []string{"migrate", "up"}, []string{"import", "divisions", file}); err != nil {
		return "", err
	}
	fmt.Fprintf(out, "made in %s\n", time.Since(began).Round(time.Second))
	return t.database(areasDatabase), nil
}

func writeAreas(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	const feature = `{"type":"Feature","properties":{"code":"%s","name":"测%[1]s","level":"%s","parent":"%s"},"geometry":`
	fmt.Fprint(w, `{"type":"FeatureCollection","features":[`)
	fmt.Fprintf(w, feature+"null}", areaCity, "CITY", "")
	var number []byte
	for district := range areaRows * areaColumns / 100 {
		code := fmt.Sprintf("%s%02d", areaCity, district+1)
		fmt.Fprintf(w, ",\n"+feature+"null}", code, "DISTRICT", areaCity)
		for town := range 100 { // ten by ten of them
			col, row := district%(areaColumns/10)*10+town%10, district/(areaColumns/10)*10+town/10
			fmt.Fprintf(w, ",\n"+feature, fmt.Sprintf("%s%03d", code, town+1), "TOWN", code)
			fmt.Fprint(w, `{"type":"Polygon","coordinates":[[`)
			for i, p := range areaRing(col, row) {
				number = number[:0]
				if i > 0 {
					number = append(number, ',')
				}
				number = strconv.AppendFloat(append(number, '['), p[0], 'f', 8, 64)
				number = strconv.AppendFloat(append(number, ','), p[1], 'f', 8, 64)
				w.Write(append(number, ']'))
			}
			fmt.Fprint(w, "]]}}")
		}
	}
	fmt.Fprint(w, "]}")
	return w.Flush()
}

// areaRing is the ring around a town, anticlockwise.
func areaRing(col, row int) (ring [][2]float64) {
	forth := func(side [][2]float64) { ring = append(ring, side[:len(side)-1]...) }
	back := func(side [][2]float64) {
		for i := len(side) - 1; i > 0; i-- {
			ring = append(ring, side[i])
		}
	}
	forth(areaSide(col, row, 1, 0))
	forth(areaSide(col+1, row, 0, 1))
	back(areaSide(col, row+1, 1, 0))
	back(areaSide(col, row, 0, 1))
	return append(ring, ring[0])
}

// areaSide is the border from a corner to the next one to the right or upwards. It is bent in its middle, as are then its
// halves, ever less: by an angle of at most 27 degrees altogether, so that borders that meet cannot cross.
func areaSide(col, row, right, up int) [][2]float64 {
	side := [][2]float64{areaCorner(col, row), areaCorner(col+right, row+up)}
	bend := 0.06
	for level := range areaHalvings {
		finer := make([][2]float64, 0, 2*len(side))
		for i := 1; i < len(side); i++ {
			a, b := side[i-1], side[i]
			by := bend * chance(col, row, right, level, i)
			finer = append(finer, a, [2]float64{(a[0]+b[0])/2 - by*(b[1]-a[1]), (a[1]+b[1])/2 + by*(b[0]-a[0])})
		}
		side = append(finer, side[len(side)-1])
		bend *= 0.75
	}
	for i := range side {
		side[i] = [2]float64{math.Round(side[i][0]*1e8) / 1e8, math.Round(side[i][1]*1e8) / 1e8}
	}
	return side
}

// areaCorner is where four towns meet, a little off the lattice.
func areaCorner(col, row int) [2]float64 {
	const off = 0.12
	return [2]float64{areaWest + areaWidth*(float64(col)+off*chance(col, row, 8)), areaSouth + areaHeight*(float64(row)+off*chance(col, row, 9))}
}

// chance is a number from -1 to 1, the same for the same numbers.
func chance(of ...int) float64 {
	h := fnv.New64a()
	for _, n := range of {
		h.Write([]byte{byte(n), byte(n >> 8)})
	}
	n := h.Sum64()
	n = (n ^ n>>32) * 0xd6e8feb86659fd93 // FNV mixes its last bytes little
	return float64(int64(n^n>>32)) / (1 << 63)
}
