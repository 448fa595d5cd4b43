package grid

// A grid's code is its community's, and three characters more.
const numberLength = 3

// Number is the part of a grid's code that tells the grids of its community apart: "003" of 990102001001003.
func Number(code string) string { return code[max(0, len(code)-numberLength):] }

// CommunityCode is what a grid's code begins with, its community's code: "990102001001" of 990102001001003; "" where it is no longer than a Number.
func CommunityCode(code string) string { return code[:max(0, len(code)-numberLength)] }

// Numbers are what grids that are shown beside each other are told apart by: for each of their codes its Number, or all of it where another one of
// them has the same.
func Numbers(codes []string) map[string]string {
	out := make(map[string]string, len(codes))
	first := map[string]string{} // the code that has a Number
	for _, code := range codes {
		number := Number(code)
		if out[code] != "" {
			continue
		}
		out[code] = number
		if other, taken := first[number]; taken {
			out[code], out[other] = code, other
		} else {
			first[number] = code
		}
	}
	return out
}
