package access

import (
	"strings"
	"testing"
)

func TestDeviceOf(t *testing.T) {
	for _, c := range []struct {
		userAgent string
		want      Device
	}{
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36", Device{"Chrome", "Windows"}},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", Device{"Edge", "Windows"}},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", Device{"Firefox", "Linux"}},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", Device{"Safari", "macOS"}},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1", Device{"Chrome", "iPhone"}},
		{"Mozilla/5.0 (Linux; Android 13; V2219A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160 MicroMessenger/8.0.49", Device{"WeChat", "Android"}},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 wxwork/4.1.22 MicroMessenger/7.0.1", Device{"WeCom", "iPhone"}},
		{"Mozilla/5.0 (Linux; Android 12; HarmonyOS; ALN-AL00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0 HuaweiBrowser/15.0.4 Mobile Safari/537.36", Device{"Huawei Browser", "HarmonyOS"}},
		{"Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1 Mobile", Device{"Chrome", "HarmonyOS"}},
		{"curl/8.5.0", Device{}},
		{"", Device{}},
		{"<script>alert(1)</script> Firefox/1 (Linux)", Device{"Firefox", "Linux"}},
		{strings.Repeat("x", 1000) + "Firefox/1", Device{}},
	} {
		if got := DeviceOf(c.userAgent); got != c.want {
			t.Errorf("%.100q: %+v, want %+v", c.userAgent, got, c.want)
		}
	}
	for _, m := range append(browserMarks, systemMarks...) {
		if len(m[1]) > 20 {
			t.Errorf("%q does not fit into its column", m[1])
		}
	}
}
