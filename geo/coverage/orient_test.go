package coverage

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

func ratOf(f float64) *big.Rat { return new(big.Rat).SetFloat64(f) }

// orientByRat is orient in rational numbers.
func orientByRat(a, b, p orb.Point) int {
	minus := func(x, y float64) *big.Rat { return new(big.Rat).Sub(ratOf(x), ratOf(y)) }
	left := new(big.Rat).Mul(minus(a[0], p[0]), minus(b[1], p[1]))
	return left.Cmp(new(big.Rat).Mul(minus(a[1], p[1]), minus(b[0], p[0])))
}

// naive is the sign of the determinant as float64 has it, and how large it is beside its terms.
func naive(a, b, p orb.Point) (side int, share float64) {
	left, right := (a[0]-p[0])*(b[1]-p[1]), (a[1]-p[1])*(b[0]-p[0])
	det := float64(left) - float64(right)
	switch {
	case det > 0:
		side = 1
	case det < 0:
		side = -1
	}
	return side, math.Abs(det) / (math.Abs(left) + math.Abs(right))
}

// Places of which float64 has the side wrong, found by a search among eighty million: the first by no more than a product's rounding, then by
// twice that, so that a bound that is too small does not see them, and those where float64 sees a line.
var misleading = [][3]orb.Point{
	{{0.3040127826759047, 0.17294602065100795}, {0.9815876626352537, 0.4472643533181232}, {0.028047612257876168, 0.061220648795705906}},
	{{0.7239240184197109, 0.5098797293700279}, {0.3445322696565143, 0.6908246395646742}, {0.20173793930211353, 0.7589281430449485}},
	{{0.1569458156254715, 0.010820070014895378}, {0.6523223285738049, 0.7836994082806948}, {0.022264821229064428, -0.19930728787405547}},
	{{0.7639416594022485, 0.446735138544745}, {0.4855135576194958, 0.8194561260726516}, {0.8898909968577732, 0.27813160630669026}},
	{{0.019618999043909624, 0.047974944643137674}, {0.09171853190918755, 0.5428939561725303}, {-0.0015007723167063769, -0.09699931455288348}},
	{{0.25338768244654297, 0.1392945271079301}, {0.985330750787912, 0.570316151403917}, {-0.04131571110457699, -0.03424839018724539}},
	{{0.16835690664519243, 0.15618528600503045}, {0.9375802181327606, 0.7257312876171729}, {-0.09955045543773947, -0.04217787407875799}},
	{{0.06449013402907955, 0.05229336822698527}, {0.24382565763591402, 0.5973270354044731}, {0.01917196305032297, -0.08543689525655573}},
	{{0.26324504036806107, 0.34486975522159236}, {0.38267489517704956, 0.7037515326664957}, {0.20462925164402485, 0.16873173280448875}},
	{{0.16506841672333983, 0.4683464315025512}, {0.5112929342630954, 0.8471274593427776}, {0.045073730828173474, 0.3370682921561163}},
	{{0.06304811248152864, 0.66243211718483}, {0.5817598985210994, 0.14179804698919052}, {0.8134585887993926, -0.09075929106478639}},
	{{0.2174764630566809, 0.1564961818202516}, {0.4605017147156789, 0.6347488205408066}, {0.4816999158732977, 0.6764650437338829}},
}

func TestOrientIsExact(t *testing.T) {
	check := func(a, b, p orb.Point) {
		t.Helper()
		want := orientByRat(a, b, p)
		if got := orient(a, b, p); got != want {
			t.Errorf("orient(%v, %v, %v) is %d, want %d", a, b, p, got, want)
		}
		if got := orientExactly(a, b, p); got != want {
			t.Errorf("orientExactly(%v, %v, %v) is %d, want %d", a, b, p, got, want)
		}
	}
	all := func(a, b, p orb.Point) { // six orders of the same three
		check(a, b, p)
		check(b, p, a)
		check(p, a, b)
		check(b, a, p)
		check(p, b, a)
		check(a, p, b)
	}
	wrong, beyond := 0, 0
	for _, m := range misleading {
		all(m[0], m[1], m[2])
		if side, share := naive(m[0], m[1], m[2]); side != orientByRat(m[0], m[1], m[2]) {
			wrong++
			if share > 1.1e-16 {
				beyond++
			}
		}
	}
	if wrong != len(misleading) || beyond < 4 {
		t.Errorf("float64 is wrong about %d of %d, %d of them by more than a rounding", wrong, len(misleading), beyond)
	}

	tiny := math.Nextafter(1, 2) - 1
	for _, c := range [][3]orb.Point{
		{{0, 0}, {3, 7}, {6, 14}},                                 // on the line; all products without a tail
		{{1, 1}, {2, 2}, {2, 2}},                                  // an end
		{{1, 1}, {1, 1}, {5, 3}},                                  // no edge at all
		{{-1, -1}, {1, 1}, {tiny, 0}},                             // products of one magnitude, which leave a last bit
		{{-1, -1}, {1 + tiny, 1}, {0, 0}},                         //
		{{1e8 + 1e-8, 1e8}, {-1e8, -1e8}, {1e-8, 1e-8}},           // a small difference beside large numbers
		{{121.5, 31.2}, {121.5 + 1e-8, 31.2 + 1e-8}, {1e-300, 0}}, //
		{{1e150, 1e-150}, {-1e150, 1e-150}, {0, 1e-150}},          // as far apart as numbers get
		{{1e10, 1e-10}, {-1e10, -1e-10}, {1e-10, 1e-30}},          //
		{{180, 90}, {-180, -90}, {math.Nextafter(60, 0), 30}},     //
		{{180, 90}, {-180, -90}, {60, 30}},                        //
		{{0.1, 0.1}, {0.3, 0.3}, {0.2, math.Nextafter(0.2, 1)}},   //
		{{0.5, 0.25}, {1e16, 5e15}, {math.Nextafter(2, 3), 1}},    //
		{{0, 0}, {1 + tiny, 1 - tiny}, {1 + 2*tiny, 1}},           //
		{{1 << 53, 1}, {1, 1 << 53}, {1<<52 + 1, 1<<52 + 1}},      //
		{{1 << 53, 1}, {1, 1 << 53}, {1 << 52, 1<<52 + 1}},        // on it but for what a float64 cannot hold
		{{121.12345678, 31.1}, {121.12345678, 31.3}, {121.12345678, 31.2}},
	} {
		all(c[0], c[1], c[2])
	}

	r := rand.New(rand.NewPCG(4, 4))
	size := func() float64 { return math.Ldexp(2*r.Float64()-1, r.IntN(60)-30) }
	for range 30_000 {
		// On the line or beside it by the last bits; and of all sizes.
		a, b := orb.Point{size(), size()}, orb.Point{size(), size()}
		w := 2*r.Float64() - 0.5
		p := orb.Point{a[0] + w*(b[0]-a[0]), a[1] + w*(b[1]-a[1])}
		k := r.IntN(2)
		p[k] = math.Nextafter(p[k], float64(r.IntN(3)-1)*1e20)
		check(a, b, p)
		check(a, b, orb.Point{size(), size()})
	}
}

// A crossing is where two edges cross, exactly; where one needs more than 64 bits, it is rounded down to a 2^62nd of a unit of 1e-8 degree.
func TestCrossing(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	exactly := func(whole int64, f fraction) *big.Rat {
		v := new(big.Rat).SetFrac(new(big.Int).SetUint64(f.over), new(big.Int).SetUint64(f.under))
		return v.Add(v, new(big.Rat).SetInt64(whole))
	}
	step := new(big.Rat).SetFrac64(1, 1<<62)
	rounded := 0
	for _, reach := range []int64{100, 1e6, 1e8, 1e9, 6e9, 18e9} {
		for range 2000 {
			at := func() vertex { return vertex{r.Int64N(2*reach) - reach, r.Int64N(2*reach) - reach} }
			a, b, c, d := at(), at(), at(), at()
			ab, cd := b.minus(a), d.minus(c)
			if sign(cross(ab, c.minus(a)))*sign(cross(ab, d.minus(a))) >= 0 || sign(cross(cd, a.minus(c)))*sign(cross(cd, b.minus(c))) >= 0 {
				continue
			}
			got := crossing(a, b, c, d)
			if got != crossing(c, d, a, b) || got != crossing(b, a, c, d) {
				t.Fatalf("%v to %v and %v to %v cross in several places", a, b, c, d)
			}
			way := new(big.Rat).SetFrac(product(c.minus(a), cd), product(ab, cd))
			for _, along := range []struct {
				got       *big.Rat
				start, by int64
			}{{exactly(got.x, got.fx), a.x, ab.x}, {exactly(got.y, got.fy), a.y, ab.y}} {
				want := new(big.Rat).Mul(new(big.Rat).SetInt64(along.by), way)
				want.Add(want, new(big.Rat).SetInt64(along.start))
				off := new(big.Rat).Sub(want, along.got)
				fits := want.Denom().IsUint64()
				if fits && off.Sign() != 0 || off.Sign() < 0 || off.Cmp(step) >= 0 {
					t.Fatalf("%v to %v and %v to %v cross at %v, want %v", a, b, c, d, along.got, want)
				}
				if !fits {
					rounded++
				}
				if !fits && reach <= 1e9 {
					t.Fatalf("edges of 28 degrees were rounded")
				}
			}
		}
	}
	if rounded < 100 {
		t.Errorf("only %d were rounded", rounded)
	}
}
