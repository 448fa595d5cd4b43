package search

import (
	"slices"
	"strings"
	"unicode"
)

// kind says what a number numbers.
type kind uint8

const (
	anything kind = iota // "7": it is not said
	lane                 // 弄
	door                 // 号
	yard                 // 号院
	house                // 号楼, 栋, 幢, 座, #
	storey               // 楼, 层: "3楼" may also be a house
	part                 // 区, 期: a part of an estate
	unit                 // 单元
	room                 // 室
)

// number is a number of an address: 7号楼, 1-8号, 甲3号, B座.
type number struct {
	kind   kind
	lo, hi int    // the same but for a range; a letter alone counts from letterValue
	mark   string // 甲, a, bis: what stands before or after the digits
	at     int    // the place of its wall among the symbols
}

const (
	maxDigits   = 9
	maxRange    = 200 // doors in one range: 1-8号
	letterValue = 2_000_000_000
)

// suffixes say what the number before them numbers; the longer ones come first.
var suffixes = []struct {
	text []rune
	kind kind
}{
	{[]rune("号楼"), house}, {[]rune("号院"), yard}, {[]rune("号门"), unit}, {[]rune("号室"), room}, {[]rune("单元"), unit}, {[]rune("门洞"), unit},
	{[]rune("#楼"), house}, {[]rune("号"), door}, {[]rune("栋"), house}, {[]rune("幢"), house}, {[]rune("座"), house}, {[]rune("#"), house},
	{[]rune("弄"), lane}, {[]rune("室"), room}, {[]rune("楼"), storey}, {[]rune("层"), storey}, {[]rune("院"), yard}, {[]rune("门"), unit},
	{[]rune("梯"), unit}, {[]rune("户"), room}, {[]rune("房"), room}, {[]rune("区"), part}, {[]rune("期"), part},
}

// spelt are the suffixes in pinyin.
var spelt = map[string]kind{
	"hao": door, "haolou": house, "lou": storey, "dong": house, "zhuang": house, "zuo": house, "haoyuan": yard,
	"nong": lane, "danyuan": unit, "shi": room, "ceng": storey, "qu": part, "qi": part,
}

// What follows a suffix where number and suffix are part of a name: 三门路, 一号公馆, 2号线.
const namelike = "路街桥巷村镇线店站公馆堡码"

// What follows digits that are part of a name: 崂山3村, 梅园3街坊, 第2小学. There the digits are written as numerals.
const counted = "村街坊中小大附公环马路里组社桥道队厂食教宿工网医院人民"

const (
	numberedPlaces = "路街巷道弄里村院园苑寓庭坊" // what a bare numeral may number where a text ends

	numerals = "零一二三四五六七八九"
	marks    = "甲乙丙丁戊己庚辛"
)

// ReadNumerals reads 二十三, 一百零五, 三〇一; false where the numerals are none, or too many.
func readNumerals(s []rune) (int, bool) {
	if len(s) == 0 || len(s) > maxDigits {
		return 0, false
	}
	total, last, positional := 0, 0, true
	for _, r := range s {
		if r == '十' || r == '百' {
			positional = false
		}
	}
	for i, r := range s {
		d := digitOf(r)
		switch {
		case r == '百':
			total += max(last, 1) * 100
			last = 0
		case r == '十':
			if last == 0 && i > 0 && s[i-1] != '零' && s[i-1] != '百' {
				return 0, false
			}
			total += max(last, 1) * 10
			last = 0
		case positional:
			total = total*10 + d
		default:
			last = d
		}
	}
	return total + last, true
}

// asDigits are letters for digits that they look like, 1O号 and l2号, in a number that stands alone.
func asDigits(s []rune) []rune {
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && s[end] < 0x80 && (isDigit(s[end]) || isLetter(s[end])) {
			end++
		}
		word := string(s[i:end])
		if strings.Trim(word, "0123456789oil") == "" && strings.ContainsAny(word, "0123456789") {
			for j := i; j < end; j++ {
				switch s[j] {
				case 'o':
					s[j] = '0'
				case 'i', 'l':
					s[j] = '1'
				}
			}
		}
		i = end + 1
	}
	return s
}

// formal are the numerals of cheques, by the usual ones.
var formal = map[rune]rune{'壹': '一', '贰': '二', '叁': '三', '肆': '四', '伍': '五', '陆': '六', '柒': '七', '捌': '八', '玖': '九', '拾': '十', '佰': '百'}

// informal writes formal numerals as the usual ones where they number something: 壹佰零五号, and not 陆家嘴.
func informal(s []rune) {
	for i := 0; i < len(s); {
		end := i
		for end < len(s) && (formal[s[end]] != 0 || isNumeral(s[end])) {
			end++
		}
		if k, _ := suffixAt(s, end); k != anything && end > i && end < len(s) && isHan(s[end]) {
			for j := i; j < end; j++ {
				if usual, ok := formal[s[j]]; ok {
					s[j] = usual
				}
			}
		}
		i = end + 1
	}
}

func digitOf(r rune) int {
	switch r {
	case '〇':
		return 0
	case '两':
		return 2
	}
	return slices.Index([]rune(numerals), r)
}

func isNumeral(r rune) bool { return r == '十' || r == '百' || digitOf(r) >= 0 }

// spell writes n, below 100, in numerals.
func spell(n int) []rune {
	names := []rune(numerals)
	switch {
	case n < 10:
		return names[n : n+1]
	case n < 20:
		return append([]rune{'十'}, trimZero(names[n%10])...)
	}
	return append([]rune{names[n/10], '十'}, trimZero(names[n%10])...)
}

func trimZero(r rune) []rune {
	if r == '零' {
		return nil
	}
	return []rune{r}
}

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLetter(r rune) bool { return unicode.IsLetter(r) && !unicode.Is(unicode.Han, r) }
func isHan(r rune) bool    { return unicode.Is(unicode.Han, r) || r == '〇' }

// suffixAt reads a suffix at s[i:], which may stand after a space.
func suffixAt(s []rune, i int) (kind, int) {
	j := i
	for j < len(s) && s[j] == ' ' {
		j++
	}
	for _, x := range suffixes {
		end := j + len(x.text)
		if end > len(s) || !slices.Equal(s[j:end], x.text) {
			continue
		}
		if end < len(s) && strings.ContainsRune(namelike, s[end]) {
			return anything, i
		}
		return x.kind, end
	}
	end := j
	for end < len(s) && s[end] >= 'a' && s[end] <= 'z' {
		end++
	}
	if k, ok := spelt[string(s[j:end])]; ok {
		return k, end
	}
	return anything, i
}

// digitsAt reads digits and the mark right after them: 15甲, 15a, 12 bis.
func digitsAt(s []rune, i int) (n int, mark string, end int, ok bool) {
	end = i
	for end < len(s) && isDigit(s[end]) {
		n = n*10 + int(s[end]-'0')
		end++
		if end-i > maxDigits {
			return 0, "", i, false
		}
	}
	if end == i {
		return 0, "", i, false
	}
	rest := s[end:]
	switch {
	case len(rest) > 0 && strings.ContainsRune(marks, rest[0]):
		return n, string(rest[0]), end + 1, true
	case len(rest) > 0 && rest[0] >= 'a' && rest[0] <= 'z' && (len(rest) == 1 || !isLetter(rest[1]) && !isDigit(rest[1])):
		return n, string(rest[0]), end + 1, true
	}
	for _, m := range []string{" bis", "bis", " ter", "ter"} {
		if r := []rune(m); len(rest) >= len(r) && string(rest[:len(r)]) == m && (len(rest) == len(r) || !isLetter(rest[len(r)])) {
			return n, strings.TrimSpace(m), end + len(r), true
		}
	}
	return n, "", end, true
}
