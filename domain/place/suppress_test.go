package place_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"wangge/domain/place"
)

// forest reads lines of "code parent households residents"; a division has "-" for its counts.
func forest(text string) []place.Cell {
	var out []place.Cell
	for line := range strings.Lines(text) {
		var c place.Cell
		var parent, households, residents string
		if n, _ := fmt.Sscan(line, &c.Code, &parent, &households, &residents); n < 4 {
			continue
		}
		c.ID = cellID(c.Code)
		if parent != "-" {
			c.Parent = cellID(parent)
		}
		fmt.Sscan(households, &c.Households)
		fmt.Sscan(residents, &c.Residents)
		out = append(out, c)
	}
	return out
}

func cellID(code string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte(code)) }

func TestSuppress(t *testing.T) {
	for _, test := range []struct{ name, forest, want string }{
		{"nothing", "", ""},
		{"ten is told", "C - - -\n a C 10 30\n b C 20 60", ""},
		{"nobody is told", "C - - -\n a C 0 0\n b C 20 60", ""},
		{"one small: the smallest other goes with it", "C - - -\n a C 5 15\n b C 30 90\n c C 20 60\n d C 40 99", "a c"},
		{"of equals the lower code", "C - - -\n a C 5 15\n c C 20 60\n b C 20 60", "a b"},
		{"nine residents", "C - - -\n a C 12 9\n b C 30 90\n c C 20 60", "a c"},
		{"two small ones leave each other little room", "C - - -\n a C 5 15\n b C 5 15\n c C 20 60", "a b c"},
		{"two as large as small ones can be", "C - - -\n a C 10 30\n b C 9 27\n c C 9 27", "a b c"},
		{"three in the middle leave room", "C - - -\n a C 6 18\n b C 5 15\n c C 5 15\n d C 30 90", "a b c"},
		{"ones that can only be one each", "T - - -\n C T - -\n a C 1 3\n b C 1 3\n c C 1 3\n d C 1 3\n e C 1 3\n f C 1 3\n g C 1 3\n h C 1 3\n i C 1 3\n j C 1 3\n D T - -\n k D 40 99\n l D 30 90", "C D a b c d e f g h i j l"},
		{"two small ones that come to nine", "C - - -\n a C 4 15\n b C 5 15\n c C 20 60\n d C 30 90", "a b c"},
		{"an empty one hides nobody", "C - - -\n a C 5 15\n b C 0 0\n c C 20 60", "a c"},
		{"a small one alone: its division is as small", "C - - -\n a C 5 15\n b C 0 0", "C a"},
		{"a chain of divisions is hidden to the top", "T - - -\n C T - -\n a C 5 15", "C T a"},
		{"a small division takes another, which takes a grid", "T - - -\n C T - -\n a C 5 15\n D T - -\n d C 0 0\n e D 30 90\n f D 20 60\n E T - -\n g E 70 99", "C D a f"},
		{"a division that hides enough itself", "T - - -\n C T - -\n a C 5 15\n b C 30 90\n D T - -\n e D 30 90", "a b"},
		{"a grid beside divisions", "T - - -\n g T 3 9\n C T - -\n a C 40 80\n b C 20 60\n D T - -\n e D 70 90", "C b g"},
		{"a hidden division of a small one and an empty one", "T - - -\n C T - -\n a C 5 15\n b C 0 0\n D T - -\n d D 6 18\n e D 0 0", "C D T a d"},
		{"two communities without a district above", "C - - -\n a C 5 15\n b C 30 90\n D - - -\n d D 70 90", "a b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cells := forest(test.forest)
			hidden := place.Suppress(cells)
			var got []string
			for _, c := range cells {
				if hidden[c.ID] {
					got = append(got, c.Code)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != test.want {
				t.Errorf("hides %v, want %s", got, test.want)
			}
			if found := attack(cells, hidden); found != "" {
				t.Error(found)
			}
			slices.Reverse(cells)
			again := place.Suppress(cells)
			for _, c := range cells {
				if hidden[c.ID] != again[c.ID] {
					t.Errorf("in another order it differs at %s", c.Code)
				}
			}
		})
	}
}

// TestSuppressWithstands attacks random forests: from all that is told, and that a division is the sum of what lies in it,
// nobody finds a hidden count, nor that fewer than ten live in some hidden places together.
func TestSuppressWithstands(t *testing.T) {
	hiddenCells, cellsSeen := 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		cells := randomForest(r)
		hidden := place.Suppress(cells)
		if found := attack(cells, hidden); found != "" {
			t.Fatalf("forest %d: %s\n%s", seed, found, show(cells, hidden))
		}
		hiddenCells, cellsSeen = hiddenCells+len(hidden), cellsSeen+len(cells)
	}
	t.Logf("%d of %d cells are hidden", hiddenCells, cellsSeen)
	if hiddenCells < 1000 || hiddenCells > cellsSeen*3/4 {
		t.Errorf("%d of %d cells are hidden: the forests try nothing", hiddenCells, cellsSeen)
	}
}

// TestAttackFindsWhatIsNotProtected: hiding the small ones alone is not enough, and the attack shows it.
func TestAttackFindsWhatIsNotProtected(t *testing.T) {
	for _, test := range []struct{ forest, hidden, want string }{
		{"C - - -\n a C 5 15\n b C 30 90", "a", "a is found: 5"},
		{"C - - -\n a C 5 15\n b C 30 90", "", "a is told: 5"},
		{"C - - -\n a C 4 12\n b C 3 30\n c C 40 80", "a b", "what is hidden in C is found: 7"},
		{"T - - -\n C T - -\n a C 20 60\n b C 30 90\n D T - -\n d D 40 80", "C D", "C is found: 50"},
		{"T - - -\n C T - -\n a C 4 30\n b C 30 90\n D T - -\n d D 3 30\n e D 40 80", "C D a d", "what is hidden in T is found: 77, 7"},
	} {
		cells, hidden := forest(test.forest), map[uuid.UUID]bool{}
		for _, code := range strings.Fields(test.hidden) {
			hidden[cellID(code)] = true
		}
		if found := attack(cells, hidden); !strings.Contains(found, test.want) {
			t.Errorf("with %q hidden the attack finds %q, want %q", test.hidden, found, test.want)
		}
	}
}

func randomForest(r *rand.Rand) []place.Cell {
	var cells []place.Cell
	people := func() (int, int) {
		switch r.IntN(6) {
		case 0:
			return 0, 0
		case 1, 2:
			h := 1 + r.IntN(9)
			return h, r.IntN(4 * h)
		case 3:
			h := 5 + r.IntN(20)
			return h, r.IntN(15)
		}
		h := 10 + r.IntN(40)
		return h, h * (1 + r.IntN(3))
	}
	var grow func(parent uuid.UUID, depth int)
	grow = func(parent uuid.UUID, depth int) {
		for range 1 + r.IntN(4) {
			c := place.Cell{Parent: parent, Code: fmt.Sprint(len(cells))}
			c.ID = cellID(c.Code)
			division := depth < 3 && r.IntN(3) > 0 || depth == 0
			if !division {
				c.Households, c.Residents = people()
			}
			cells = append(cells, c)
			if division {
				grow(c.ID, depth+1)
			}
		}
	}
	grow(uuid.Nil, 0)
	return cells
}

// attack solves for what is hidden with the equations that everybody knows. It returns what it found.
func attack(cells []place.Cell, hidden map[uuid.UUID]bool) string {
	index := map[uuid.UUID]int{}
	for i, c := range cells {
		index[c.ID] = i
	}
	within := make([][]int, len(cells))
	for i, c := range cells {
		if p, ok := index[c.Parent]; ok {
			within[p] = append(within[p], i)
		}
	}
	for _, measure := range []func(place.Cell) int{func(c place.Cell) int { return c.Households }, func(c place.Cell) int { return c.Residents }} {
		counts := make([]int, len(cells))
		var add func(i int) int
		add = func(i int) int {
			counts[i] = measure(cells[i])
			for _, k := range within[i] {
				counts[i] += add(k)
			}
			return counts[i]
		}
		for i, c := range cells {
			if _, ok := index[c.Parent]; !ok {
				add(i)
			}
		}
		var unknown []int
		column := map[int]int{}
		for i, c := range cells {
			if hidden[c.ID] {
				column[i] = len(unknown)
				unknown = append(unknown, i)
			} else if place.Small(counts[i]) {
				return fmt.Sprintf("%s is told: %d", cells[i].Code, counts[i])
			}
		}
		var known system
		for i, parts := range within {
			if len(parts) == 0 {
				continue
			}
			row := make([]int, len(unknown))
			for _, k := range parts {
				if hidden[cells[k].ID] {
					row[column[k]]++
				}
			}
			if hidden[cells[i].ID] {
				row[column[i]]--
			}
			known.add(row)
		}
		// Each hidden count, and for each division what is hidden directly within it and all grids hidden anywhere within it.
		for _, i := range unknown {
			row := make([]int, len(unknown))
			row[column[i]] = 1
			if known.implies(row) {
				return fmt.Sprintf("%s is found: %d", cells[i].Code, counts[i])
			}
		}
		for i := range cells {
			directly, grids := make([]int, len(unknown)), make([]int, len(unknown))
			n, m := 0, 0
			for _, k := range within[i] {
				if hidden[cells[k].ID] {
					directly[column[k]], n = 1, n+counts[k]
				}
			}
			var walk func(int)
			walk = func(k int) {
				if len(within[k]) == 0 && hidden[cells[k].ID] {
					grids[column[k]], m = 1, m+counts[k]
				}
				for _, l := range within[k] {
					walk(l)
				}
			}
			walk(i)
			if place.Small(n) && known.implies(directly) || place.Small(m) && known.implies(grids) {
				return fmt.Sprintf("what is hidden in %s is found: %d, %d", cells[i].Code, n, m)
			}
			// What is hidden and can be reached through hidden divisions.
			reached, r := make([]int, len(unknown)), 0
			var reach func(int)
			reach = func(k int) {
				for _, l := range within[k] {
					if !hidden[cells[l].ID] {
						continue
					}
					if len(within[l]) == 0 {
						reached[column[l]], r = 1, r+counts[l]
					}
					reach(l)
				}
			}
			reach(i)
			if place.Small(r) && known.implies(reached) {
				return fmt.Sprintf("the grids hidden in %s are found: %d", cells[i].Code, r)
			}
		}
	}
	return ""
}

// system is linear equations in echelon form; only their left sides matter: the right sides are known.
type system struct{ rows [][]*big.Rat }

func (s *system) reduce(row []*big.Rat) (lead int) {
	for _, r := range s.rows {
		l := leading(r)
		if row[l].Sign() == 0 {
			continue
		}
		factor := new(big.Rat).Quo(row[l], r[l])
		for i := range row {
			row[i].Sub(row[i], new(big.Rat).Mul(factor, r[i]))
		}
	}
	return leading(row)
}

func leading(row []*big.Rat) int {
	return slices.IndexFunc(row, func(x *big.Rat) bool { return x.Sign() != 0 })
}

func rationals(row []int) []*big.Rat {
	out := make([]*big.Rat, len(row))
	for i, n := range row {
		out[i] = big.NewRat(int64(n), 1)
	}
	return out
}

func (s *system) add(row []int) {
	r := rationals(row)
	if s.reduce(r) >= 0 {
		s.rows = append(s.rows, r)
	}
}

// implies reports whether the equations determine the sum that row takes of the unknowns.
func (s *system) implies(row []int) bool { return s.reduce(rationals(row)) < 0 }

func show(cells []place.Cell, hidden map[uuid.UUID]bool) string {
	codes := map[uuid.UUID]string{uuid.Nil: "-"}
	var b strings.Builder
	for _, c := range cells {
		codes[c.ID] = c.Code
		fmt.Fprintf(&b, "%s in %s: %d %d hidden %v\n", c.Code, codes[c.Parent], c.Households, c.Residents, hidden[c.ID])
	}
	return b.String()
}
