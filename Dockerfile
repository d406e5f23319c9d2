# Airflow with caseclock. The slim image: every package comes from our own lock, with its hash, and none beside it.
# Python 3.11, as the tests run on.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.11
FROM ${AIRFLOW_IMAGE}

USER root
COPY requirements.txt /requirements.txt
# The lock is whole: nothing is looked for beside it, and `pip check` says whether that is so. The packages belong to root in the same
# layer: what runs later cannot change them.
RUN HOME=/home/airflow runuser -u airflow -- sh -c \
      'pip install --no-cache-dir --no-deps --require-hashes -r /requirements.txt && pip check' \
 && chown -R root:root /home/airflow && chmod -R go-w /home/airflow
# Nobody gains rights here: no file lends those of its owner, and nobody but root writes the list of users
RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} + && chmod g-w /etc/passwd
# What runs belongs to root, and no task can change it: library, plugins, DAGs, Airflow's own folder, the settings of the sign-in page.
COPY --chmod=0644 deploy/compose/airflow.cfg deploy/compose/webserver_config.py /opt/airflow/
COPY --chmod=0755 deploy/compose/secret-url deploy/compose/init /usr/local/bin/
COPY include/ /opt/airflow/include/
COPY plugins/ /opt/airflow/plugins/
COPY dags/ /opt/airflow/dags/
# `docker compose exec airflow-worker caseclock alerts list`. Inbox and claimed extracts lie in one folder, so that an extract is moved in
# one step; what is made there is for the airflow user and its group (umask of the entrypoint: see docker-compose.yaml).
RUN printf '#!/bin/sh\numask 0027\nexec python -m caseclock.cli "$@"\n' > /usr/local/bin/caseclock \
 && chmod 0755 /usr/local/bin/caseclock \
 && python -m compileall -q -o 0 /opt/airflow/include/caseclock \
 && chown -R root:root /opt/airflow/include /opt/airflow/plugins /opt/airflow/dags \
 && chmod -R u=rwX,go=rX /opt/airflow/include /opt/airflow/plugins /opt/airflow/dags \
 && chown root:root /opt/airflow && chmod 0755 /opt/airflow \
 && mkdir -p /opt/airflow/logs /opt/caseclock/inbox \
 && chown -R airflow:0 /opt/airflow/logs /opt/caseclock && chmod 0700 /opt/caseclock /opt/caseclock/inbox && chmod 0700 /opt/airflow/logs
USER airflow

# include/ is a place, not a package: the library is found as `caseclock`
ENV PYTHONPATH=/opt/airflow/include \
    CASECLOCK_HOME=/opt/caseclock
