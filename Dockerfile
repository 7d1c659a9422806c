# The image holds the Deno binary and dist/: no shell, no package manager, no packages to be fetched at start.

FROM node:22-bookworm-slim AS build
WORKDIR /build
RUN npm install --no-save --no-audit --no-fund --ignore-scripts --prefix tool deno@2.9.6 && \
    mv tool/node_modules/@deno/*/deno deno && chmod 755 deno
COPY deno.json deno.lock ./
COPY bot bot
COPY handlers handlers
COPY clients clients
RUN ./deno task bundle && mkdir data

FROM gcr.io/distroless/cc-debian12:nonroot
WORKDIR /app
ENV NO_COLOR=1
COPY --from=build /build/deno /usr/local/bin/deno
COPY --from=build /build/dist ./
COPY --from=build --chown=65532:65532 /build/data ./data
USER 65532:65532
VOLUME /app/data
EXPOSE 8080
# Whether the process answers, not whether its database does: a restart would not bring that one back.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["deno", "task", "-q", "health"]
# The task runner is pid 1: it hands SIGTERM to the bot, which drains, and waits for it.
CMD ["deno", "task", "-q", "start"]
