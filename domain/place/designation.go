package place

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/fault"
)

// Units, rooms and the numbers of households are designations: what is written on a door. Everything else in those cells is
// taken for a person's data, which this version does not keep. Longer words come before their beginnings.
var (
	designationSigns = "-－—–_/.#、,()（）~"
	designationChars = "号室房层楼栋幢座单门户铺商店库车梯间第附之区段院排东西南北中前后左右上下内外甲乙丙丁戊己庚辛壬癸阁跃复底顶首主副夹一二三四五六七八九十百零〇两负正"
	designationWords = strings.Fields("单元 地下 物业 用房 传达室 值班室 门卫 保安 配电 水泵 泵房 机房 锅炉 活动室 会议室 阅览室 办公 仓库 储藏 储物 杂物 车位 车棚 自行车 " +
		"地面 夹层 设备 架空 公共 公用 管理 服务 社区 居委会 党群 幼儿园 卫生 食堂 宿舍 商业 网点 门面 临街 沿街 平房 主卧 次卧 卧室 客厅 隔断 阳台 合租 " +
		"UNIT ROOM FLAT SHOP FLOOR APT NO")
)

const (
	maxLetters   = 3 // in a row: LG1, B2; more would spell a name
	maxDigits    = 6 // in a row; seven are a telephone
	allDigits    = 9 // in a designation, however they are set apart; more are a telephone or an identity number
	chineseDigit = "〇零一二三四五六七八九"
)

// Designates reports whether s can designate a unit, a room or a household, and nobody: digits, letters, Chinese numerals,
// hyphens and the words that doors bear. Letters and digits are in half width.
func Designates(s string) bool {
	if plain(s) {
		return true
	}
	if tooManyDigits(s) {
		return false
	}
	letters := 0
	for rest := strings.ToUpper(s); rest != ""; {
		if word := wordAt(rest); word != "" {
			rest, letters = rest[len(word):], 0
			continue
		}
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		switch {
		case r >= 'A' && r <= 'Z':
			if letters++; letters > maxLetters {
				return false
			}
			continue
		case r >= '0' && r <= '9', r == ' ', strings.ContainsRune(designationSigns, r), strings.ContainsRune(designationChars, r):
		default:
			return false
		}
		letters = 0
	}
	return true
}

// plain reports whether s is like 301 or 2单元, as most are: a city's list has millions, and the rest of the rules takes time.
func plain(s string) bool {
	s = strings.TrimSuffix(s, "单元")
	return len(s) <= maxDigits && strings.Trim(s, "0123456789") == ""
}

func wordAt(s string) string {
	if s[0] >= '0' && s[0] <= '9' {
		return ""
	}
	for _, word := range designationWords {
		if strings.HasPrefix(s, word) {
			return word
		}
	}
	return ""
}

// tooManyDigits reports whether s could hold a telephone's or an identity number.
func tooManyDigits(s string) bool {
	run, all := 0, 0
	for _, r := range halfWidth(s) {
		switch {
		case r >= '0' && r <= '9', strings.ContainsRune(chineseDigit, r):
			run, all = run+1, all+1
			if run > maxDigits || all > allDigits {
				return true
			}
		case r != ' ':
			run = 0
		}
	}
	return false
}

// halfWidth writes digits, letters and signs that stand in full width as in ASCII.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - 0xfee0
		case r == '\u3000', r == '\u00a0':
			return ' '
		}
		return r
	}, s)
}

// numeral is the value of a whole number up to 999 in digits, or up to 99 in Chinese.
func numeral(s string) (int, bool) {
	if s == "" {
		return 0, false
	}
	if strings.Trim(s, "0123456789") == "" {
		n, err := strconv.Atoi(s)
		return n, err == nil && n < 1000
	}
	digits := map[rune]int{'〇': 0, '零': 0, '一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	tens, ones, found := strings.Cut(s, "十")
	digit := func(s string, missing int) (int, bool) {
		r, size := utf8.DecodeRuneInString(s)
		n, ok := digits[r]
		return max(n, 0)*btoi(s != "") + missing*btoi(s == ""), s == "" || ok && size == len(s)
	}
	if !found {
		return digit(s, 0)
	}
	t, okT := digit(tens, 1)
	o, okO := digit(ones, 0)
	return t*10 + o, okT && okO
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

const (
	numeralForm   = `([0-9]{1,3}|[〇零一二两三四五六七八九十]{1,3})`
	buildingWords = `(?:号楼|号栋|号幢|#楼|#|栋|幢)`
)

var (
	unitForm      = regexp.MustCompile(`^第?` + numeralForm + `(?:单元|UNIT)?$`)
	roomForm      = regexp.MustCompile(`^(?:` + numeralForm + buildingWords + `-?)?(?:` + numeralForm + `单元-?)?(.+)$`)
	hyphenRoom    = regexp.MustCompile(`^(?:([0-9]{1,3})-)?([0-9]{1,2})-([0-9]{3,4})$`)
	buildingsForm = regexp.MustCompile(`^(.*?)` + numeralForm + `(?:` + buildingWords + `|号|楼)$`)
	numberEnd     = regexp.MustCompile(`^(.*?)([0-9]{1,3})$`)
)

// unitName is a unit's name as it is stored: 2单元, also where it is written 2, 02, 二单元 or 第2 单元.
func unitName(s string) string {
	if plain(s) && strings.HasSuffix(s, "单元") && s[0] != '0' && len(s) <= len("999单元") {
		return s
	}
	s = strings.ReplaceAll(halfWidth(s), " ", "")
	if m := unitForm.FindStringSubmatch(s); m != nil {
		if n, ok := numeral(m[1]); ok {
			return strconv.Itoa(n) + "单元"
		}
	}
	return s
}

// splitRoom takes apart what a list says of a room: 9-2-301 and 9号楼2单元301室 name building, unit and room, 2-201 a unit and a
// room, 402室 a room. What is not named is empty; the building is its number.
func splitRoom(s string) (building, unit, room string) {
	s = strings.ReplaceAll(halfWidth(s), " ", "")
	if m := roomForm.FindStringSubmatch(s); m != nil && (m[1] != "" || m[2] != "") {
		building, s = number(m[1]), m[3]
		if m[2] != "" {
			unit = unitName(m[2])
		}
	}
	s = plainRoom(s)
	if m := hyphenRoom.FindStringSubmatch(s); m != nil && unit == "" && (building == "" || m[1] == "") {
		if m[1] != "" {
			building = number(m[1])
		}
		return building, unitName(m[2]), m[3]
	}
	return building, unit, s
}

// number is a numeral in digits, without zeros before it; "" where it is none.
func number(s string) string {
	if n, ok := numeral(s); ok {
		return strconv.Itoa(n)
	}
	return ""
}

// plainRoom drops the word for a room from its end: 301室 is 301, and 传达室 is a word of its own.
func plainRoom(s string) string {
	for _, end := range []string{"室", "房", "号"} {
		if rest, ok := strings.CutSuffix(s, end); ok && rest != "" && strings.ContainsAny(rest[len(rest)-1:], "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
			return rest
		}
	}
	return s
}

// Settle writes the row's unit, room and number as they are stored, and takes from the room what it says of the building and
// the unit. Its error is a *RowError where they contradict each other.
func (r HouseholdRow) Settle() (HouseholdRow, error) {
	if r.Unit != "" {
		r.Unit = unitName(r.Unit)
	}
	if r.Number != "" {
		r.Number = strings.TrimSpace(halfWidth(r.Number))
	}
	if strings.Trim(r.Room, "0123456789") == "" { // most, and none
		return r, nil
	}
	said := r.Room
	building, unit, room := splitRoom(said)
	r.Room = room
	if unit != "" {
		if r.Unit != "" && r.Unit != unit {
			return r, r.RefuseHousehold("room", "household.otherUnit", "room", fault.Shorten(said, 40), "unit", fault.Shorten(r.Unit, 40))
		}
		r.Unit = unit
	}
	switch {
	case building == "":
	case r.BuildingName == "":
		r.BuildingName = building + "号楼"
	default:
		if m := numberEnd.FindStringSubmatch(strings.TrimSuffix(FoldBuilding(r.BuildingName), "#")); m != nil && number(m[2]) != building {
			return r, r.RefuseHousehold("room", "household.otherBuilding", "room", fault.Shorten(said, 40), "name", fault.Shorten(r.BuildingName, 60))
		}
	}
	return r, nil
}

// FoldBuilding is a building's name as names are compared: 七栋, 7幢, ７号楼 and 7# are 7#.
func FoldBuilding(s string) string {
	s = strings.ToUpper(strings.Join(strings.Fields(halfWidth(s)), ""))
	if m := buildingsForm.FindStringSubmatch(s); m != nil {
		if n, ok := numeral(m[2]); ok {
			return m[1] + strconv.Itoa(n) + "#"
		}
	}
	if m := numberEnd.FindStringSubmatch(s); m != nil && !strings.HasSuffix(m[1], "-") {
		n, _ := numeral(m[2])
		return m[1] + strconv.Itoa(n) + "#"
	}
	return s
}

// FoldEstate is an estate's name as names are compared: without spaces, in half width.
func FoldEstate(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(halfWidth(s)), ""))
}

// ByName reports whether the row's building is looked for by its name: with its estate, or alone where it gives no address.
func (r HouseholdRow) ByName() bool {
	return r.BuildingName != "" && (r.Estate != "" || r.Address == "")
}

// NamedBuilding are the keys under which a building of an estate is looked for, and StoredBuilding those that one in the store
// is found by; they share one where the names are of one building, whichever of them has the estate in the building's name.
// Estates and names are folded.
func NamedBuilding(estate, name string) []string {
	if estate == "" {
		return []string{name}
	}
	if strings.HasPrefix(name, estate) {
		return []string{estate + "\x00" + name, name, estate + "\x00" + strings.TrimPrefix(name, estate)}
	}
	return []string{estate + "\x00" + name, estate + name}
}

// StoredBuilding is described with NamedBuilding.
func StoredBuilding(estate, name string) []string {
	keys := []string{name}
	if estate != "" {
		keys = append(keys, estate+"\x00"+name)
		if short, ok := strings.CutPrefix(name, estate); ok && short != "" {
			return append(keys, short)
		}
		keys = append(keys, estate+name)
	}
	return keys
}

// SameBuilding reports whether a list's estate and name, of which either may be empty, do not contradict those that a building is
// stored with.
func SameBuilding(estate, name, storedEstate, storedName string) bool {
	estate, storedEstate = FoldEstate(estate), FoldEstate(storedEstate)
	name, storedName = FoldBuilding(name), FoldBuilding(storedName)
	if name != "" && storedName != "" {
		return endsIn(estate+name, storedName) || endsIn(storedEstate+storedName, name)
	}
	return estate == "" || storedEstate == "" || estate == storedEstate
}

// endsIn reports whether s ends in the name end and not in the midst of a number.
func endsIn(s, end string) bool {
	before, ok := strings.CutSuffix(s, end)
	if !ok || before == "" {
		return ok
	}
	digit := func(b byte) bool { return b >= '0' && b <= '9' }
	return !digit(before[len(before)-1]) || !digit(end[0])
}

// NearBuildings are up to three of names that are like name: those with the nearest numbers first.
func NearBuildings(name string, names []string) []string {
	wanted := buildingNumber(name)
	distance := func(other string) int {
		n := buildingNumber(other)
		if wanted < 0 || n < 0 {
			return 1000
		}
		return max(n-wanted, wanted-n)
	}
	near := []string{}
	for _, other := range names {
		at := len(near)
		for at > 0 && distance(near[at-1]) > distance(other) {
			at--
		}
		near = append(near[:at], append([]string{other}, near[at:]...)...)
		near = near[:min(len(near), 3)]
	}
	return near
}

func buildingNumber(name string) int {
	if m := numberEnd.FindStringSubmatch(strings.TrimSuffix(FoldBuilding(name), "#")); m != nil {
		n, _ := numeral(m[2])
		return n
	}
	return -1
}
