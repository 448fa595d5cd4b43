package access

import (
	"context"
	"strings"
)

// Device is by which browser, on which system, somebody signs in: names of the closed lists below, "" where it is none of them. It tells one's own sessions apart, and is no proof of anything.
type Device struct{ Browser, System string }

// What User-Agent headers hold of browsers and systems, the first that is found: most name themselves after others as well.
var (
	browserMarks = [][2]string{{"wxwork/", "WeCom"}, {"MicroMessenger/", "WeChat"}, {"DingTalk", "DingTalk"}, {"HuaweiBrowser/", "Huawei Browser"}, {"MiuiBrowser/", "Mi Browser"},
		{"QQBrowser/", "QQ Browser"}, {"SamsungBrowser/", "Samsung Internet"}, {"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"Chrome/", "Chrome"}, {"CriOS/", "Chrome"}, {"Safari/", "Safari"}}
	systemMarks = [][2]string{{"HarmonyOS", "HarmonyOS"}, {"OpenHarmony", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows NT", "Windows"}, {"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"}, {"Linux", "Linux"}}
)

// DeviceOf reads a User-Agent header.
func DeviceOf(userAgent string) Device {
	userAgent = userAgent[:min(len(userAgent), 1000)]
	first := func(marks [][2]string) string {
		for _, m := range marks {
			if strings.Contains(userAgent, m[0]) {
				return m[1]
			}
		}
		return ""
	}
	return Device{first(browserMarks), first(systemMarks)}
}

type deviceKey struct{}

// By is ctx of somebody who signs in by a device.
func By(ctx context.Context, d Device) context.Context { return context.WithValue(ctx, deviceKey{}, d) }

func deviceOf(ctx context.Context) Device {
	d, _ := ctx.Value(deviceKey{}).(Device)
	return d
}
