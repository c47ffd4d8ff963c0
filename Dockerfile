# The command alone: docker run -i ghcr.io/foretell/foretell compress - < in > out
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /foretell ./cmd/foretell

FROM scratch
COPY --from=build /src/LICENSE /src/THIRD_PARTY_NOTICES /
COPY --from=build /foretell /foretell
ENTRYPOINT ["/foretell"]
