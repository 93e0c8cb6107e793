# The studio on one port, on a processor:
#   docker build -t kerasdream .
#   docker run --rm -p 127.0.0.1:8765:8765 -v dreams:/data kerasdream
# It prints its address, with the token that it asks for. Dreams, the token and Keras's weights stay in the volume.
FROM python:3.13-slim

ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1 KERAS_HOME=/data/keras
COPY . /src
RUN pip install "/src[web]" && rm -rf /src && useradd --create-home dreamer && install -d -o dreamer /data

USER dreamer
WORKDIR /data
VOLUME /data
EXPOSE 8765
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8765), 3)"]
ENTRYPOINT ["kerasdream-studio", "--host=0.0.0.0", "--name=localhost", "--noopen", "--data_dir=/data/studio"]
