package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"reflect"
	"strconv"
	"strings"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

// tabled is how many arrays the page lists.
const tabled = 100

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count":   count,
	"counted": counted,
	"shape":   shapeText,
	"bits":    bitsText,
	"speed":   speedText,
	"share":   func(part, all int64) string { return fmt.Sprintf("%.2f %%", 100*quotient(float64(part), float64(all))) },
	"stretches": func(title string, list []Stretch) any {
		return struct {
			Title string
			List  []Stretch
		}{title, list}
	},
}).Parse(pageText))

// Write writes the page.
func (r *Report) Write(w io.Writer) error {
	type array struct {
		*Member
		ID      string
		Figures []figure
		Full    bool // there is no figure for the stretches to stand beside
	}
	data := struct {
		*Report
		Style  template.CSS
		Table  []Member
		Hidden int
		Shown  []array

		ModelFigures []figure
		PartsFigure  figure
	}{
		Report: r, Style: template.CSS(styleText),
		Table: r.Members[:min(len(r.Members), tabled)], Hidden: max(len(r.Members)-tabled, 0),
		ModelFigures: r.modelFigures(), PartsFigure: r.partsFigure(),
	}
	for i := range r.Members {
		if m := &r.Members[i]; m.Costs != nil {
			id := fmt.Sprintf("array-%d", i)
			figures, halves := m.figures(id), 0
			for _, f := range figures {
				if f.Wide == "" {
					halves++
				}
			}
			data.Shown = append(data.Shown, array{m, id, figures, halves%2 == 0})
		}
	}
	return page.Execute(w, data)
}

// count writes an integer with thin spaces between thousands.
func count(n any) string {
	digits := strconv.FormatInt(reflect.ValueOf(n).Int(), 10)
	var b strings.Builder
	for i, c := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func counted(n any, thing string) string {
	text := count(n)
	if text != "1" {
		thing += "s"
	}
	return text + " " + thing
}

func shapeText(shape []int) string {
	if len(shape) == 1 {
		return fmt.Sprintf("(%d,)", shape[0])
	}
	return "(" + strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ") + ")"
}

func bitsText(bits *float64) string {
	if bits == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f", *bits)
}

func speedText(mb float64) string {
	digits := 1
	for limit := 1.0; mb < limit && digits < 4; limit /= 10 {
		digits++
	}
	return strconv.FormatFloat(mb, 'f', digits, 64)
}
