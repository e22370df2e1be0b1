package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// costFiles are the files of cost data that a path names: a file itself, or a
// folder's, and of those of folders in it. Where AWS's manifests are there, those
// files count that they name, and all of them must be there.
func costFiles(name string) ([]string, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file or folder %s", name)
	case err != nil:
		return nil, err
	case !info.IsDir():
		if !isCosts(name) {
			return nil, fmt.Errorf("%s is no .csv, .csv.gz or .parquet, nor a folder of such", name)
		}
		return []string{name}, nil
	}
	var files, manifests []string
	err = fs.WalkDir(os.DirFS(name), ".", func(at string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(strings.ToLower(at), "manifest.json"):
			manifests = append(manifests, at)
		case d.Type().IsRegular() && isCosts(at):
			files = append(files, at)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w", name, err)
	}
	if len(manifests) > 0 {
		files, err = delivered(name, manifests, files)
	} else {
		err = oneDelivery(files)
	}
	if err != nil {
		return nil, fmt.Errorf("folder %s: %w", name, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("folder %s holds no .csv, .csv.gz or .parquet", name)
	}
	slices.Sort(files)
	for i, f := range files {
		files[i] = filepath.Join(name, filepath.FromSlash(f))
	}
	return files, nil
}

// wantedCosts tells which objects of a folder in S3 are read at all.
func wantedCosts(name string) bool {
	return isCosts(name) || strings.HasSuffix(strings.ToLower(name), "manifest.json")
}

func isCosts(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".csv.gz") || strings.HasSuffix(name, ".parquet")
}

// partition is how Data Exports names the folder of a month.
// Source: Data Exports User Guide, "Understanding export delivery", 2026-11.
var partition = regexp.MustCompile(`BILLING_PERIOD=([0-9]{4}-[0-9]{2})`)

// delivered are the files that manifests name: of each month the manifest in the
// month's own folder, or of several deliveries the last.
func delivered(root string, manifests, there []string) ([]string, error) {
	latest := map[string]string{}
	for _, m := range manifests {
		period := partition.FindString(m)
		if period == "" && len(manifests) > 1 {
			return nil, fmt.Errorf("%s and others are manifests of no BILLING_PERIOD=: name the folder of one", m)
		}
		if old, is := latest[period]; !is || order(old, m) < 0 {
			latest[period] = m
		}
	}
	var files []string
	for _, m := range latest {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m)))
		if err != nil {
			return nil, err
		}
		var manifest struct {
			DataFiles []string `json:"dataFiles"`
		}
		if err := json.Unmarshal(text, &manifest); err != nil {
			return nil, fmt.Errorf("%s is no manifest of Data Exports: %w", m, err)
		}
		if len(manifest.DataFiles) == 0 {
			return nil, fmt.Errorf("%s names no dataFiles", m)
		}
		for _, address := range manifest.DataFiles {
			file, is := found(address, there)
			if !is {
				return nil, fmt.Errorf("%s names %s, which is not there: the delivery is not whole", m, address)
			}
			files = append(files, file)
		}
	}
	return files, nil
}

// order puts a manifest in a month's own folder after those of single deliveries, and
// these by their names, which begin with the time.
func order(a, b string) int {
	return cmp.Or(-cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")), strings.Compare(a, b))
}

// found is the file of a folder that an address in S3 is of: the one whose path ends
// alike the farthest, if its name is the same.
func found(address string, there []string) (string, bool) {
	address = strings.TrimPrefix(address, "s3://")
	best, most := "", 0
	for _, f := range there {
		if path.Base(f) != path.Base(address) {
			continue
		}
		a, b, n := strings.Split(address, "/"), strings.Split(f, "/"), 0
		for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
			n++
		}
		if n > most {
			best, most = f, n
		} else if n == most {
			best = "" // two are alike as far
		}
	}
	return best, best != ""
}

// oneDelivery reports an error if files are of several deliveries of a month, which
// would count twice.
func oneDelivery(files []string) error {
	folder := map[string]string{}
	for _, f := range files {
		period := partition.FindString(f)
		if period == "" {
			continue
		}
		if old, is := folder[period]; is && old != path.Dir(f) {
			return fmt.Errorf("%s and %s are of one month, and no Manifest.json says which counts: name the folder of one", old, path.Dir(f))
		}
		folder[period] = path.Dir(f)
	}
	return nil
}
