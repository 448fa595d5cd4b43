package secret

import (
	"strings"
)

const star = "*"

// MaskIdentity is a number of an identity card as it is shown: 110***********002X. What is shorter is shown less of.
func MaskIdentity(s string) string { return ends(s, 3, 4) }

// MaskPhone is a telephone number as it is shown: 138****5678. Of a shorter one, or one with an area code, its last two.
func MaskPhone(s string) string {
	if d := Digits(s); len(d) == 11 && d[0] == '1' {
		return ends(d, 3, 4)
	}
	return ends(Digits(s), 0, 2)
}

// MaskDay is a day as it is shown, its year: 1949-**-**.
func MaskDay(s string) string {
	year, _, ok := strings.Cut(s, "-")
	if !ok || len(year) != 4 {
		return star
	}
	return year + "-**-**"
}

// ends shows the first and last characters of a text and a star for each between; stars alone where these would be fewer than four.
func ends(s string, first, last int) string {
	r := []rune(s)
	hidden := len(r) - first - last
	if hidden < 4 {
		return strings.Repeat(star, len(r))
	}
	return string(r[:first]) + strings.Repeat(star, hidden) + string(r[len(r)-last:])
}

// compound are family names of two characters, the common ones.
var compound = func() map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields("欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 " +
		"司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五") {
		set[name] = true
	}
	return set
}()

// MaskName is a name as it is shown: the first character, or the family name where it is known to have two, and as many stars for every name, which tell no length: 张**, 欧阳**.
func MaskName(s string) string {
	r := []rune(strings.TrimSpace(s))
	shown := 1
	switch {
	case len(r) == 0:
		return ""
	case len(r) == 1:
		shown = 0
	case len(r) > 2 && compound[string(r[:2])]:
		shown = 2
	}
	return string(r[:shown]) + star + star
}
