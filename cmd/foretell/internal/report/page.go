package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"reflect"

	"github.com/foretell/foretell/cmd/foretell/internal/show"
)

//go:embed page.html
var pageText string

//go:embed page.css
var styleText string

// tabled is how many arrays the page lists.
const tabled = 100

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count":   func(n any) string { return show.Count(reflect.ValueOf(n).Int()) },
	"counted": func(n any, thing string) string { return show.Counted(reflect.ValueOf(n).Int(), thing) },
	"shape":   show.Shape,
	"bits":    bitsText,
	"speed":   show.Speed,
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

func bitsText(bits *float64) string {
	if bits == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f", *bits)
}
